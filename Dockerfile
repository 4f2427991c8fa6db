# The operator's image: Debian's Python, the locked libraries and our package. No shell, an unprivileged user, nothing
# to write to. The secrets are optional: a build behind mirrors is told of them, and the image is not.
#   docker build --build-arg VERSION=0.1.0 .
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS tools
RUN --mount=type=secret,id=sources,target=/etc/apt/sources.list.d/debian.sources \
    --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99build \
    --mount=type=secret,id=ca,target=/run/secrets/ca \
    apt-get update && apt-get install --yes --no-install-recommends ca-certificates python3-pip

# Packages unpacked as on an empty system: what they depend on comes along, but for what only package scripts run. Nothing
# here names a processor.
FROM tools AS debian
RUN --mount=type=secret,id=sources,target=/etc/apt/sources.list.d/debian.sources \
    --mount=type=secret,id=apt,target=/etc/apt/apt.conf.d/99build \
    --mount=type=secret,id=ca,target=/run/secrets/ca \
    mkdir -p /debs/partial /rootfs/tmp /rootfs/etc/ssl/certs /rootfs/var/lib/dpkg/status.d \
 && apt-get install --yes --no-install-recommends --download-only \
      -o Dir::State::status=/dev/null -o Dir::Cache::archives=/debs base-files libpython3.11-stdlib python3.11-minimal \
 && rm -f /debs/dpkg_* /debs/mawk_* /debs/tar_* \
 && for deb in /debs/*.deb; do \
      dpkg-deb --extract $deb /rootfs && dpkg-deb --field $deb > /rootfs/var/lib/dpkg/status.d/$(dpkg-deb --field $deb Package) || exit; \
    done \
 && find /rootfs/usr/share/doc -type f ! -name copyright -delete \
 && rm -rf /rootfs/usr/share/man /rootfs/usr/share/locale /rootfs/usr/share/info /rootfs/usr/share/lintian \
 && chmod 1777 /rootfs/tmp \
 && cp /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/ \
 && echo 'hosts: files dns' > /rootfs/etc/nsswitch.conf \
 && echo 'operator:x:65532:' > /rootfs/etc/group \
 && echo 'operator:x:65532:65532::/:/sbin/nologin' > /rootfs/etc/passwd

FROM tools AS libraries
COPY requirements.lock /
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca,target=/run/secrets/ca \
    pip install --no-cache-dir --only-binary :all: --require-hashes --no-compile --target /site -r /requirements.lock \
 && rm -rf /site/bin \
 && python3.11 -m compileall -q -j 0 --invalidation-mode unchecked-hash -s /site -p /usr/local/lib/python3.11/dist-packages /site

FROM tools AS package
COPY operator/socketio_operator /site/socketio_operator
RUN python3.11 -m compileall -q --invalidation-mode unchecked-hash -s /site -p /usr/local/lib/python3.11/dist-packages /site \
 && { echo '#!/usr/bin/python3.11'; cat /site/socketio_operator/__main__.py; } > /socketio-operator \
 && chmod 755 /socketio-operator

FROM scratch
COPY --from=debian /rootfs /
COPY --from=libraries /site /usr/local/lib/python3.11/dist-packages
COPY --from=package /socketio-operator /usr/local/bin/
COPY --from=package /site /usr/local/lib/python3.11/dist-packages
# Kopf asks for the user's name.
ENV LOGNAME=operator PATH=/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/socketio-operator"]
CMD ["run"]
ARG VERSION=0.0.0
ARG SOURCE=
LABEL org.opencontainers.image.title="socketio-operator" \
      org.opencontainers.image.description="Kubernetes operator that runs unmodified Socket.IO servers on many nodes" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}"
