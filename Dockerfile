# The operator's image: Python and its libraries, no shell, an unprivileged user, nothing to write to.
FROM python:3.11-slim-bookworm AS build
COPY requirements.lock /src/
RUN pip install --no-cache-dir --require-hashes --target /rootfs/app -r /src/requirements.lock
COPY operator/socketio_operator /rootfs/app/socketio_operator
RUN python -m compileall -q --invalidation-mode unchecked-hash /rootfs/app \
 && echo 'operator:x:65532:65532::/:/sbin/nologin' > /tmp/passwd \
 && cp -a --parents /lib /lib64 /usr/lib/*-linux-gnu /usr/local/bin/python3.11 /usr/local/lib/python3.11 \
      /usr/local/lib/libpython3.11.so* /etc/ld.so.cache /etc/ssl /usr/share/ca-certificates /rootfs/ \
 && cp /tmp/passwd /rootfs/etc/passwd

FROM scratch
COPY --from=build /rootfs /
ENV PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 LOGNAME=operator
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/python3.11", "-m", "socketio_operator"]
CMD ["run"]
