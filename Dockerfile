# One image for web, worker, sweeper and beat; docker-compose.yml says which one a container is.
FROM python:3.12-slim-bookworm AS build
WORKDIR /srv/portal
COPY tools/uv.txt tools/uv.txt
RUN pip install --no-cache-dir --require-hashes --requirement tools/uv.txt
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
# The environment before the code: a change of code reuses this layer.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-default-groups
COPY . .
RUN SECRET_KEY=only-for-collectstatic STATIC_ROOT=/srv/static .venv/bin/python manage.py collectstatic --noinput

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/portal --create-home portal
COPY --from=build /srv /srv
WORKDIR /srv/portal
ENV PATH=/srv/portal/.venv/bin:$PATH \
    PORTAL_HOME=/var/lib/portal \
    STATIC_ROOT=/srv/static \
    LOG_JSON=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER portal
VOLUME /var/lib/portal
EXPOSE 8000
# Only the proxy reaches this port, so its forwarded addresses are believed.
CMD ["uvicorn", "portal.asgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--log-level", "warning", "--no-access-log", "--timeout-graceful-shutdown", "20", "--forwarded-allow-ips", "*", \
     "--ws-max-size", "65536", "--ws-max-queue", "16", "--ws-ping-interval", "20", "--ws-ping-timeout", "20", \
     "--ws-per-message-deflate", "false"]
