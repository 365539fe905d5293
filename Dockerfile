FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONPATH=/app
WORKDIR /app

COPY requirements.lock ./
RUN pip install --no-cache-dir --no-deps --only-binary=:all: --require-hashes -r requirements.lock \
    && useradd --system --uid 10001 --no-create-home hotline

COPY pyproject.toml ./
COPY schemas/ schemas/
COPY services/ services/
COPY intake/ intake/
COPY router/ router/
COPY escalation/ escalation/
COPY migrations/ migrations/

USER hotline
EXPOSE 8000
ENTRYPOINT ["python", "-m", "services"]
