"""ENG8xx: SGLang versions, arguments and environment."""

from orchestrator.rules.engine.context_beyond_the_model import context_beyond_the_model
from orchestrator.rules.engine.invalid_argument_value import invalid_argument_value
from orchestrator.rules.engine.invalid_variable_value import invalid_variable_value
from orchestrator.rules.engine.plan_owned_argument import plan_owned_argument
from orchestrator.rules.engine.plan_owned_variable import plan_owned_variable
from orchestrator.rules.engine.refused_combination import refused_combination
from orchestrator.rules.engine.unknown_engine_argument import unknown_engine_argument
from orchestrator.rules.engine.unknown_engine_variable import unknown_engine_variable
from orchestrator.rules.engine.unknown_engine_version import unknown_engine_version
from orchestrator.rules.engine.unknown_hicache_storage import unknown_hicache_storage
from orchestrator.rules.engine.unreviewed_engine_version import unreviewed_engine_version
from orchestrator.rules.engine.unspelled_intent import unspelled_intent

RULES = (
    unknown_engine_version,
    unknown_engine_argument,
    plan_owned_argument,
    invalid_argument_value,
    plan_owned_variable,
    unknown_hicache_storage,
    unspelled_intent,
    unreviewed_engine_version,
    refused_combination,
    context_beyond_the_model,
    unknown_engine_variable,
    invalid_variable_value,
)
