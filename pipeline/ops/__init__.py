"""Operations: the agency registry, lag, replay, retention, generations."""
