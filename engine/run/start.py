"""From the command line to a run: inventory, directory, journal, acceptances, transport."""

from __future__ import annotations

import gc
import getpass
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from engine.ask.door import open_door
from engine.attempt import remote
from engine.attempt.settle import parse_settlements
from engine.errors import UsageError
from engine.given_path import why_nothing
from engine.judge.takeover import steering
from engine.judge.weighing import Judge
from engine.model.event import stamp
from engine.model.finding import Acceptance
from engine.model.inventory import Environment, Inventory
from engine.model.prediction import as_data
from engine.model.release import Release
from engine.parse.acceptance import parse_acceptance
from engine.parse.inventory_ini import read_inventory
from engine.record.directory import latest_in, new_run_id, open_directory, open_journal
from engine.record.journal import utc_now
from engine.record.material import runbook_hash
from engine.record.other_runs import FOLLOWED, Followed, Read
from engine.record.outputs import Outputs
from engine.record.redact import Redactor
from engine.record.run import Run, SupportWanted
from engine.record.started import started_fields
from engine.report.compiled import from_text_only
from engine.report.console import Console
from engine.run import options, version_step
from engine.run.follow_up import read_followed
from engine.run.goes_by import predicted_for, read_rehearsal
from engine.run.notify import News
from engine.run.ran_with import ran_with
from engine.run.session import Session
from engine.run.until import END, pause_of
from engine.run.webhook import Webhook, read_webhook
from engine.secrets import Secret

DEFAULT_INVENTORY = "inventory.ini"


def make_run(config: pytest.Config) -> Run:
    """The run as the command line describes it. UsageError when something does not fit."""
    options.refuse_blank(config)
    options.refuse_contradictions(config)
    path = _inventory_path(config)
    if why := why_nothing(path, "inventory"):
        raise UsageError(
            f"{path}: {why}; name the cluster's with --inventory FILE"
            " (docs/prod.ini.example is one to start from)"
        )
    release = version_step.release_of(config)
    inventory = read_inventory(path, release.settings)
    until = pause_of(config.getoption("until"), release, inventory.settings)
    follows = _followed(config, inventory, release)
    followed = Read(FOLLOWED, follows.run_id, follows.head) if follows else None
    webhook = _webhook(inventory)
    rehearsal = read_rehearsal(inventory, options.scope_of(config))
    predicted, unpredicted = predicted_for(inventory, options.scope_of(config), release)
    started = utc_now()
    run_id = new_run_id(inventory.settings.cluster, started)
    accepted = [
        replace(acceptance, run=run_id, given=stamp(started))
        for acceptance in _acceptances(config, inventory)
    ]
    judge = Judge(release.severities, tuple(accepted), duties=release.duties)
    judge.check_acceptances()
    if config.getoption("plan") and config.getoption("settle"):
        raise UsageError(
            "--settle with --plan: a plan records nothing, so nobody's word would be kept;"
            " give it when you run the upgrade again"
        )
    settlements = parse_settlements(
        config.getoption("settle"), config.getoption("reason"), config.getoption("by")
    )
    by = options.by_of(config)
    _start_rehearsal(config, inventory, release)
    reports = config.rootpath / "reports"
    latest_before = latest_in(reports)
    directory = open_directory(reports, run_id)
    redactor = Redactor()
    redactor.spare(inventory.settings.cluster, *inventory.names)
    redactor.know(*release.phrases)
    Secret.watched_by(redactor.learn)
    is_held_to_text = inventory.settings.environment is Environment.PRODUCTION
    if is_held_to_text:
        from_text_only()
    run = Run(
        until=until,
        to_its_end=config.getoption("until") == END,
        inventory=inventory,
        release=release,
        mode=options.mode_of(config),
        scope=options.scope_of(config),
        follows=follows,
        read=tuple(filter(None, (followed, rehearsal))),
        predicted=predicted,
        directory=directory,
        run_id=run_id,
        journal=open_journal(directory, run_id, redactor.clean_output),
        redactor=redactor,
        judge=judge,
        runbook=runbook_hash(step=config.stash.get(version_step.FOLDER, None)),
        ran_with=ran_with(
            config,
            release,
            redactor.clean_output,
            compares=is_held_to_text,
        ),
        outputs=Outputs(directory / "outputs", redactor.clean_output, redactor.has_nothing_in),
        started=started,
        settlements=settlements,
        by=by,
        latest_before=latest_before,
        support=SupportWanted("--support-bundle was given")
        if config.getoption("support_bundle")
        else None,
        wants_snapshot=bool(config.getoption("snapshot")),
        shows_everything=options.shows_everything(config),
    )
    settings = inventory.settings
    if webhook is not None:
        redactor.learn(*webhook.secrets())
    run.news = News(run, webhook)
    run.record(
        "run-started",
        mode=run.mode.value,
        scope=run.scope.value,
        cluster=settings.cluster,
        environment=settings.environment.value,
        source=str(release.source),
        target=str(release.target),
        operator=getpass.getuser(),
        **({"by": by} if by else {}),
        host=socket.gethostname(),
        change_id=settings.change_id,
        release_notes_read=settings.release_notes_read,
        fallback=settings.fallback,
        nodes={host.name: host.role.value for host in inventory.hosts},
        settings=steering(settings),
        runbook=run.runbook,
        **started_fields(
            run,
            root=config.rootpath,
            where=config.invocation_params.dir,
            options=version_step.given(config),
        ),
        ran_with=run.ran_with,
    )
    if predicted is not None:
        told = {"of": predicted.run, "prediction": as_data(predicted.prediction)}
        run.record("predicted", step="", **told)
    run.refuse_without_journal()
    lacking = [f"run {follows.run_id}: {text}" for text in follows.lacking] if follows else []
    for text in (*inventory.warnings, *lacking, *filter(None, [unpredicted])):
        run.record("warning", step="", text=text)
    return run


def make_session(run: Run, console: Console) -> Session:
    """The session with real connections."""
    return Session(run, open_door(run.inventory, remote.BOOKKEEPING), console)


def leave_to_the_end() -> None:
    """What is there once all steps are collected stays until the process ends: Python's search for
    garbage need not go through it again and again, which takes an eighth of a plan's processor.

    A pytest within a test of another one shares its process, and leaves garbage there.
    """
    if "PYTEST_CURRENT_TEST" not in os.environ:
        gc.freeze()


def _inventory_path(config: pytest.Config) -> Path:
    given = config.getoption("inventory")
    if given:
        return config.invocation_params.dir / str(given)
    return config.rootpath / DEFAULT_INVENTORY


def _followed(config: pytest.Config, inventory: Inventory, release: Release) -> Followed | None:
    given = config.getoption("follow_up")
    if not given:
        return None
    if not release.verified_by:
        pair = f"{release.source} -> {release.target}"
        raise UsageError(f"--follow-up: the upgrade {pair} leaves nothing that is followed up")
    path = config.invocation_params.dir / str(given)
    return read_followed(path, inventory.settings.cluster, release)


def _webhook(inventory: Inventory) -> Webhook | None:
    settings = inventory.settings
    if settings.notify_url_file is None or settings.notify_form is None:
        return None
    return read_webhook(settings.notify_url_file, settings.notify_form)


def _start_rehearsal(config: pytest.Config, inventory: Inventory, release: Release) -> None:
    """`pytest runbook` starts the rehearsal cluster when it is not running; nothing else does."""
    if any(map(config.getoption, ("inventory", "plan", "restore", "follow_up"))):
        return
    if inventory.settings.environment is not Environment.REHEARSAL:
        return
    config.hook.pytest_runbook_start_rehearsal(inventory=inventory, release=release)


def _acceptances(config: pytest.Config, inventory: Inventory) -> tuple[Acceptance, ...]:
    settings = inventory.settings
    if config.getoption("follow_up"):
        return ()  # they are about the upgrade
    by = config.getoption("by") or ""
    given = [parse_acceptance(text, by) for text in config.getoption("accept")]
    noted = [parse_acceptance(text, settings.accepted_by or "") for text in settings.accept]
    return tuple(given + noted)
