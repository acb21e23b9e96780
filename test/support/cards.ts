/** Returns an agent card of A2A 1.0 as an agent publishes it; members can be overridden. */
export function agentCard(given: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: 'Recipe Agent',
    description: 'Finds recipes',
    version: '1.0.0',
    supportedInterfaces: [
      { url: 'http://127.0.0.1:4999/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      { url: 'http://127.0.0.1:4999/rest', protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
    ],
    provider: { organization: 'Kitchen', url: 'https://kitchen.example' },
    capabilities: { streaming: true, extensions: [{ uri: 'https://kitchen.example/units', required: false }] },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['application/json'],
    skills: [
      { id: 'recipe.find', name: 'Find', description: 'Finds recipes', tags: ['food'] },
      { id: 'Meal Plan', name: 'Plan', description: 'Plans meals', tags: ['food'] },
    ],
    signatures: [{ protected: 'eyJhbGciOiJFUzI1NiJ9', signature: 'QFdkNLNszlGj3z3u0YQ' }],
    ...given,
  };
}
