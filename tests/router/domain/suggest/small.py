"""A model small enough to reckon by hand: three labels that know a few words each."""

import numpy as np

from router.domain.suggest.model import Facts, Model

FACTS = Facts(
    version="20260302-0900-abcdef12",
    trained_at="2026-03-02T09:00:00+08:00",
    source="history.csv",
    source_sha256="abcdef12" * 8,
    rows=300,
    text_column="text",
    label_column="unit",
    thresholds={"0.95": 0.6, "0.97": 0.8, "0.99": None},
    shares={"供水": 0.5, "公交": 0.3, "城管": 0.2},
    confidence=0.8,
    unknown=0.2,
)
LABELS = ("公交", "城管", "供水")
SAYS = {"公交": 0, "司机": 0, "车": 0, "占道": 1, "城管": 1, "停水": 2, "水管": 2}


def a_model(
    trust: float = 1.0,
    trust_bias: tuple[float, ...] = (0.0, 0.0, 0.0),
    labels: tuple[str, ...] = LABELS,
    given: tuple[tuple[float, ...], ...] | None = None,
) -> Model:
    """Each known word speaks for one label, and they all weigh the same."""
    known = {run: at for at, run in enumerate(SAYS)}
    weights = np.zeros((len(SAYS), len(LABELS)), dtype=np.float32)
    for run, label in SAYS.items():
        weights[known[run], label] = 3
    return Model(
        FACTS,
        labels,
        known,
        np.ones(len(SAYS), dtype=np.float32),
        weights,
        np.zeros(len(LABELS), dtype=np.float32),
        np.eye(len(LABELS), dtype=np.float32) if given is None else np.array(given, dtype=np.float32),
        trust,
        np.array(trust_bias, dtype=np.float32),
    )
