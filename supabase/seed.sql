-- Inserts the five agents of the first start, so that a new project shows them before agent-spawner writes to it.
insert into actp_agent_registry
  (id, instance, agent_id, name, entry_point, tags, capabilities, health_url, autostart, desired_state, registered_at, updated_at)
values
  ('00000000-0000-4000-8000-000000000001', 'seed', 'content-agent', 'Content agent', 'content_generation_agent.py',
   '["core"]', '["content.generate", "content.publish"]', null, true, 'stopped', now(), now()),
  ('00000000-0000-4000-8000-000000000002', 'seed', 'acquisition-agent', 'Acquisition agent', 'acquisition_agent.py',
   '["core"]', '["outreach.dm", "outreach.linkedin", "upwork.propose"]', null, true, 'stopped', now(), now()),
  ('00000000-0000-4000-8000-000000000003', 'seed', 'revenue-agent', 'Revenue agent', 'revenue_analytics_agent.py',
   '["core"]', '["revenue.track", "analytics.report"]', null, true, 'stopped', now(), now()),
  ('00000000-0000-4000-8000-000000000004', 'seed', 'orchestrator', 'Orchestrator', 'cognitive_orchestrator.py',
   '["core"]', '["orchestrator.plan", "orchestrator.delegate"]', null, true, 'stopped', now(), now()),
  ('00000000-0000-4000-8000-000000000005', 'seed', 'safari-automation', 'Safari automation', null,
   '[]', '["research.market", "dm.send"]', 'http://localhost:3106/health', false, 'running', now(), now())
on conflict do nothing;
