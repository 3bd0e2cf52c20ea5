# The image for production: the same one runs web, worker and migrations. See docs/operator.md.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 REGULARS_ENV=production HOST=0.0.0.0 PORT=8000
RUN useradd --system --uid 10001 --create-home regulars
WORKDIR /app

COPY requirements.lock .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

COPY . .
RUN python -m babel.messages.frontend -q compile -d saas/translations && python -m whitenoise.compress --quiet static

USER regulars
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD exec gunicorn wsgi:app --bind "$HOST:$PORT" --worker-class gthread --workers "${WEB_WORKERS:-2}" --threads 4 \
  --worker-tmp-dir /dev/shm --no-control-socket --graceful-timeout 20 --max-requests 5000 --max-requests-jitter 500
