-- Describes each column for operators who open the tables in Studio.
comment on column actp_agent_registry.id is 'Made by the writer, so that a repeated upload changes nothing';
comment on column actp_agent_registry.name is 'For people';
comment on column actp_agent_registry.args is 'Arguments of the program, an array of text';
comment on column actp_agent_registry.interpreter is 'Program that runs it; null: chosen by the ending of its name';
comment on column actp_agent_registry.cwd is 'Folder in which it runs; null: that of its entry point';
comment on column actp_agent_registry.tags is 'Groups that it belongs to, an array of text';
comment on column actp_agent_registry.health_url is 'Asked periodically; null: not asked';
comment on column actp_agent_registry.endpoint is 'Where a routed task is to be sent';
comment on column actp_agent_registry.api_role is 'What its own token may do beyond its own heartbeat; null: nothing';
comment on column actp_agent_registry.max_memory_mb is 'It is restarted above this, megabytes; null: no limit';
comment on column actp_agent_registry.autostart is 'Whether it was started when it was registered';
comment on column actp_agent_registry.policy is 'Timings and limits of its own, by the names of the API';
comment on column actp_agent_registry.registered_at is 'When it became known';
comment on column actp_agent_registry.updated_at is 'When its definition was last changed';

comment on column actp_agent_health_log.id is 'Made by the writer, so that a repeated upload changes nothing';
comment on column actp_agent_health_log.instance is 'The agent-spawner that writes this row (INSTANCE_ID)';
comment on column actp_agent_health_log.agent_id is 'The agent that was checked';
comment on column actp_agent_health_log.checked_at is 'When';

comment on column actp_agent_restarts.id is 'Made by the writer, so that a repeated upload changes nothing';
comment on column actp_agent_restarts.instance is 'The agent-spawner that writes this row (INSTANCE_ID)';
comment on column actp_agent_restarts.agent_id is 'The agent that was restarted';
comment on column actp_agent_restarts.pid_before is 'Its process before; null: there was none';
comment on column actp_agent_restarts.pid_after is 'Its process after; null: there was none';
comment on column actp_agent_restarts.restarted_at is 'When';

comment on column actp_circuit_breakers.agent_id is 'The agent that it protects';
comment on column actp_circuit_breakers.instance is 'The agent-spawner that writes this row (INSTANCE_ID)';
comment on column actp_circuit_breakers.state is 'CLOSED: restarts are tried; OPEN: none is; HALF_OPEN: one trial runs';
comment on column actp_circuit_breakers.last_failure_at is 'When the last failure was counted';
comment on column actp_circuit_breakers.tripped_at is 'When it opened; null: it is closed';
comment on column actp_circuit_breakers.trial_by is 'HALF_OPEN: who began the trial';
comment on column actp_circuit_breakers.updated_at is 'When this row was last written';

comment on column actp_agent_events.id is 'Made by the writer, so that a repeated upload changes nothing';
comment on column actp_agent_events.instance is 'The agent-spawner that writes this row (INSTANCE_ID)';
comment on column actp_agent_events.type is 'One of a closed set of names, such as agent.spawned or circuit.opened';
comment on column actp_agent_events.occurred_at is 'When it happened; seq is the order of recording';
