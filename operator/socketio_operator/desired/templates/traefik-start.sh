# Starts Traefik, which takes one address of a name only: it watches a file with the addresses of all pods.
{% include "pods.sh" %}

# A certificate is read again with the file that names it.
take() {
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
mkdir -p {{ scratch_dir }}/watched
known=$(addresses)
seen=$(look)
take "$known"
follow &
exec traefik --configFile={{ config_dir }}/traefik.yaml
