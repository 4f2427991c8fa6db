# Starts HAProxy. Its resolver takes names as they are: the cluster's domain is in the search list of the pod.
while read -r keyword rest; do
  [ "$keyword" = search ] || continue
  for suffix in $rest; do
    case $suffix in svc.*) CLUSTER_DOMAIN=${suffix#svc.} ;; esac
  done
done < /etc/resolv.conf
export CLUSTER_DOMAIN="${CLUSTER_DOMAIN:-cluster.local}"
# Without IPv6 in the kernel its socket cannot be made, and nothing would start.
[ ! -e /proc/net/if_inet6 ] || export HAS_IPV6=1
{% if tls %}

# A renewed certificate is read by a new worker; the old one keeps its connections until they end.
follow() {
  while sleep 5; do
    now=$(cksum < {{ tls_dir }}/tls.crt)
    if [ "$now" != "$seen" ]; then
      seen=$now
      kill -USR2 $$
    fi
  done
}
seen=$(cksum < {{ tls_dir }}/tls.crt)
follow &
{% endif %}
exec haproxy -W -db -f {{ config_dir }}/haproxy.cfg
