import * as fc from 'fast-check';
import { definitionOf } from '../../../test/support/definitions';
import { buildAgentEnvironment } from './agent-environment';
import { telemetryVariables } from './telemetry-variables';

const OWN = { OTEL_SERVICE_NAME: 'a', OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=run-1' };

describe('the variables of OpenTelemetry', () => {
  it.each<readonly [string, Readonly<Record<string, string>>, Readonly<Record<string, string>>]>([
    ['name the agent and its run', {}, OWN],
    [
      'replace empty ones, which the specification ignores',
      { OTEL_SERVICE_NAME: ' ', OTEL_RESOURCE_ATTRIBUTES: '' },
      OWN,
    ],
    [
      "keep the agent's own service name",
      { OTEL_SERVICE_NAME: 'shop' },
      { OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=run-1' },
    ],
    [
      'add the run to other attributes',
      { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test, team=a%2Cb,' },
      { ...OWN, OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test, team=a%2Cb,service.instance.id=run-1' },
    ],
    [
      'keep an instance and a service that the attributes name',
      { OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop, service.instance.id = 7' },
      {},
    ],
    [
      'do not take a longer name for the instance',
      { OTEL_RESOURCE_ATTRIBUTES: 'my.service.instance.id=7' },
      { ...OWN, OTEL_RESOURCE_ATTRIBUTES: 'my.service.instance.id=7,service.instance.id=run-1' },
    ],
  ])('%s', (_, own, expected) => {
    expect(telemetryVariables('a', 'run-1', own)).toEqual(expected);
  });

  it('are encoded: a parser of W3C Baggage reads the run back, whatever it contains', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (runId) => {
        const { OTEL_RESOURCE_ATTRIBUTES: attributes = '' } = telemetryVariables('a', runId, {});
        const value = attributes.slice('service.instance.id='.length);
        expect(value).toMatch(/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/);
        expect(decodeURIComponent(value)).toBe(runId);
      }),
    );
  });

  it.each([
    [true, OWN],
    [false, {}],
    [undefined, {}],
  ])('are given with policy.otel %j only', (otel, expected) => {
    const run = { runId: 'run-1', token: 't', spawnerUrl: 'u', restartCount: 0, restartReason: '', lastTask: null };
    const environment = buildAgentEnvironment(definitionOf({ agentId: 'a', policy: { otel } }), run, {}, []);
    expect(Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith('OTEL')))).toEqual(
      expected,
    );
  });
});
