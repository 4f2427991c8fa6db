# Starts nginx, which reads neither the name server nor the cluster's domain from resolv.conf.
# It reads its configuration and the certificate anew when they change: those who are connected stay with the processes
# that they have.
names=
domain=cluster.local
while read -r keyword value rest; do
  case $keyword in
    nameserver)
      case $value in *:*) value="[$value]" ;; esac
      names="$names $value" ;;
    search)
      for suffix in $value $rest; do
        case $suffix in svc.*) domain=${suffix#svc.} ;; esac
      done ;;
  esac
done < /etc/resolv.conf
echo "resolver$names valid=1s;" > {{ scratch_dir }}/resolver.conf
{% if affinity == "clientIP" %}
# Records of each pod: over the one name of all pods, nginx hashes the name, which is the same for all.
echo "server {{ endpoints }}.$domain service=_http._tcp resolve max_fails=2 fail_timeout=5s;" > {{ scratch_dir }}/pods.conf
{% else %}
echo "server {{ endpoints }}.$domain:{{ port }} resolve max_fails=2 fail_timeout=5s;" > {{ scratch_dir }}/pods.conf
{% endif %}
# Without IPv6 in the kernel its sockets cannot be made, and nothing would start.
for kind in http https own; do
  : > "{{ scratch_dir }}/$kind.conf"
done
if [ -e /proc/net/if_inet6 ]; then
  echo "listen [::]:{{ own_port }};" > {{ scratch_dir }}/own.conf
  echo "listen [::]:{{ http_port }}{% if client_address == "proxyProtocol" %} proxy_protocol{% endif %};" > {{ scratch_dir }}/http.conf
  echo "listen [::]:{{ https_port }} ssl{% if client_address == "proxyProtocol" %} proxy_protocol{% endif %};" > {{ scratch_dir }}/https.conf
fi
# An nginx that was built without the module has no numbers to give.
case $(nginx -V 2>&1) in
  *http_stub_status_module*) echo "stub_status;" ;;
  *) echo "return 404;" ;;
esac > {{ scratch_dir }}/metrics.conf

look() {
  cat {{ config_dir }}/nginx.conf{% if tls %} {{ tls_dir }}/tls.crt{% endif %} | cksum
}
follow() {
  while sleep 5; do
    now=$(look)
    if [ "$now" != "$seen" ]; then
      seen=$now
      kill -HUP $$
    fi
  done
}
seen=$(look)
follow &
exec nginx -e stderr -c {{ config_dir }}/nginx.conf -g 'daemon off;'
