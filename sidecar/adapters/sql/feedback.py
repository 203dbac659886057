"""Opinions on drafts in SQL: one row a draft, without people, records or text."""

from datetime import datetime

from sqlalchemy import Engine, func, select

from sidecar.adapters.sql.engine import reading, stamp, upsert, writing
from sidecar.adapters.sql.tables import feedback
from sidecar.drafts import Draft
from sidecar.feedback import Opinion, Rating, Reason, Total


class SqlFeedback:
    """The `FeedbackStore` protocol. Every method raises `Unavailable` when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, draft: Draft, opinion: Opinion, now: datetime) -> None:
        """`FeedbackStore.save`: see there."""
        row = {
            "draft": draft.id,
            "tenant": draft.tenant,
            "template": draft.template,
            "reasoner": draft.reasoner,
            "rating": str(opinion.rating),
            "reason": str(opinion.reason),
            "privacy": int(opinion.privacy),
            "changed": stamp(now),
        }
        with writing(self._engine) as connection:
            upsert(connection, feedback, row)

    def load(self, draft: Draft) -> Opinion | None:
        """`FeedbackStore.load`: see there."""
        query = select(feedback).where(feedback.c.draft == draft.id, feedback.c.tenant == draft.tenant)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return Opinion(Rating(row.rating), Reason(row.reason), bool(row.privacy)) if row else None

    def totals(self, tenant: str | None = None) -> list[Total]:
        """`FeedbackStore.totals`: see there."""
        by = (feedback.c.template, feedback.c.reasoner, feedback.c.rating, feedback.c.reason, feedback.c.privacy)
        query = select(*by, func.count()).group_by(*by).order_by(*by)
        if tenant is not None:
            query = query.where(feedback.c.tenant == tenant)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            Total(template, reasoner, Opinion(Rating(rating), Reason(reason), bool(privacy)), count)
            for template, reasoner, rating, reason, privacy, count in rows
        ]
