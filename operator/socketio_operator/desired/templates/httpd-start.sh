# Starts httpd, which does not look at DNS again: a new list of pods is read by new processes, and those who are
# connected stay with the processes that they have.
{% include "pods.sh" %}

# The route of a pod is its address: a cookie means the same pod to every process.
members() {
  for address in $1; do
    echo "BalancerMember http://$(host "$address"):{{ port }} route=$(echo "$address" | tr .: -) upgrade=websocket \
disablereuse=on connectiontimeout=5 timeout={{ read_seconds }} retry=5"
  done > {{ scratch_dir }}/members.new
  mv {{ scratch_dir }}/members.new {{ scratch_dir }}/members.conf
}
# With a configuration or a certificate that it cannot read, httpd would end instead.
usable() {
{% if tls %}
  [ "$(openssl x509 -in {{ tls_dir }}/tls.crt -noout -pubkey)" = "$(openssl pkey -in {{ tls_dir }}/tls.key -pubout)" ] || return 1
{% endif %}
  httpd -t -f {{ config_dir }}/httpd.conf 2> {{ scratch_dir }}/problems && return 0
  cat {{ scratch_dir }}/problems >&2
  return 1
}
take() {
  members "$1"
  if usable; then kill -USR1 $$; fi
}
look() {
  cat {{ config_dir }}/httpd.conf{% if tls %} {{ tls_dir }}/tls.crt{% endif %} | cksum
}
known=$(addresses)
seen=$(look)
members "$known"
follow &
rm -f {{ scratch_dir }}/httpd.pid
exec httpd -DFOREGROUND -f {{ config_dir }}/httpd.conf
