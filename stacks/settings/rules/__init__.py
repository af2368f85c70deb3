"""The rules over several settings, in the order in which their breaches are told."""

from stacks.settings.rules.gateway import (
    chain_is_configured,
    gateway_numbers_agree,
    hosted_addresses_are_encrypted,
    waits_are_ordered,
)
from stacks.settings.rules.models import (
    aliases_are_answered,
    applications_answer_for_different_models,
    applications_scale_soundly,
    language_models_are_described,
)
from stacks.settings.rules.placement import (
    gpus_can_compute_the_dtype,
    models_fit_their_gpu,
    nodes_have_enough_gpus,
    ollama_models_fit_together,
    placements_exist,
    taints_are_tolerated,
)
from stacks.settings.rules.pools import instance_types_carry_the_gpu, pools_have_sound_bounds, spot_has_a_floor
from stacks.settings.rules.production import (
    gates_have_enough_to_judge,
    objectives_stop_in_order,
    production_can_be_restored,
    production_survives_one_loss,
)
from stacks.settings.rules.regions import copies_are_sound, regions_are_sound, tags_are_ours
from stacks.settings.rules.rule import Rule
from stacks.settings.rules.target import (
    ollama_has_an_address,
    ports_do_not_collide,
    target_suits_the_environment,
    this_machine_can_run_it,
)

RULES: tuple[Rule, ...] = (
    target_suits_the_environment,
    this_machine_can_run_it,
    ports_do_not_collide,
    pools_have_sound_bounds,
    instance_types_carry_the_gpu,
    spot_has_a_floor,
    placements_exist,
    taints_are_tolerated,
    gpus_can_compute_the_dtype,
    nodes_have_enough_gpus,
    models_fit_their_gpu,
    ollama_models_fit_together,
    applications_scale_soundly,
    applications_answer_for_different_models,
    language_models_are_described,
    ollama_has_an_address,
    chain_is_configured,
    aliases_are_answered,
    hosted_addresses_are_encrypted,
    waits_are_ordered,
    gateway_numbers_agree,
    regions_are_sound,
    copies_are_sound,
    tags_are_ours,
    production_survives_one_loss,
    production_can_be_restored,
    objectives_stop_in_order,
    gates_have_enough_to_judge,
)
