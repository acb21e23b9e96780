type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Returns the variables by which OpenTelemetry names an agent's telemetry: its service and its run. What `own` sets
 * stays: a service name is not replaced, and the run is added to the attributes only if they name no instance.
 *
 * Values are percent-encoded like those of W3C Baggage, as the specification demands.
 *
 * @param own environment that the agent gets otherwise
 * @see https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable
 */
export function telemetryVariables(agentId: string, runId: string, own: Variables): Record<string, string> {
  // The specification treats an empty variable like one that is not set.
  const attributes = (own.OTEL_RESOURCE_ATTRIBUTES ?? '').replace(/[\s,]+$/, '');
  const names = attributes.split(',').map((pair) => pair.split('=', 1)[0]?.trim());
  const instance = `service.instance.id=${encodeBaggage(runId)}`;
  // The name takes precedence over `service.name` in the attributes, so it must not be set beside one.
  const isNamed = (own.OTEL_SERVICE_NAME ?? '').trim() !== '' || names.includes('service.name');
  return {
    ...(isNamed ? {} : { OTEL_SERVICE_NAME: agentId }),
    ...(names.includes('service.instance.id')
      ? {}
      : { OTEL_RESOURCE_ATTRIBUTES: attributes === '' ? instance : `${attributes},${instance}` }),
  };
}

/**
 * Encodes the value of an attribute. `encodeURIComponent` leaves only characters that a value of W3C Baggage may
 * contain.
 */
function encodeBaggage(value: string): string {
  return encodeURIComponent(value);
}
