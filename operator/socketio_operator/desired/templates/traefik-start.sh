# Starts Traefik, which takes one address of a name only: it watches a file with the addresses of all pods.
{% include "pods.sh" %}

# A certificate is read again with the file that names it.
offer() {
  {
    cat {{ config_dir }}/routes.yaml
    for address in $1; do
      echo "          - url: http://$(host "$address"):{{ port }}"
    done
  } > {{ scratch_dir }}/routes.new
  mv {{ scratch_dir }}/routes.new {{ scratch_dir }}/watched/routes.yaml
}
look() {
  cat {{ config_dir }}/routes.yaml{% if tls %} {{ tls_dir }}/tls.crt{% endif %} | cksum
}
follow() {
  while sleep 1; do
    now=$(addresses)
    # Without an answer the pods stay that are known.
    [ -n "$now" ] || now=$known
    file=$(look)
    if [ "$now $file" != "$known $seen" ]; then
      offer "$now"
      known=$now
      seen=$file
    fi
  done
}
mkdir -p {{ scratch_dir }}/watched
known=$(addresses)
seen=$(look)
offer "$known"
follow &
exec traefik --configFile={{ config_dir }}/traefik.yaml
