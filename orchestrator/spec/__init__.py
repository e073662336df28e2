"""The user's file as frozen pydantic models: shapes, ranges and descriptions, in the field's language.

Only what one field alone can decide lives here; anything that needs two fields, a fact or an engine
version is a rule.
"""
