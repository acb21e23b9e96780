// Agent with LangGraph: drafts a text and revises it until it is short enough. Needs @langchain/langgraph and
// @langchain/core. Replace `draft` and `shorten` with calls of a model, and MemorySaver with a checkpointer on disk.
import { Annotation, END, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { Agent } from './agent-spawner.mjs';

const MAX_WORDS = 8;
const agent = new Agent();
agent.start();

const State = Annotation.Root({ topic: Annotation(), text: Annotation() });
const draft = ({ topic }) => ({ text: `${topic} is a subject about which very much could be said here today` });
const shorten = ({ text }) => ({ text: text.split(' ').slice(0, -2).join(' ') });
const countWords = ({ text }) => text.split(' ').length;

/** Reports each step of the graph. A step that repeats itself on the same state is no progress. */
const observed = (name, step) => async (state) => {
  agent.action(name, state);
  const changes = await step(state);
  agent.tokens(changes.usage?.total_tokens); // AIMessage.usage_metadata.total_tokens, if a model was called
  return changes;
};

const graph = new StateGraph(State)
  .addNode('draft', observed('draft', draft))
  .addNode('shorten', observed('shorten', shorten))
  .addEdge(START, 'draft')
  .addEdge('draft', 'shorten')
  .addConditionalEdges('shorten', (state) => (countWords(state) > MAX_WORDS ? 'shorten' : END))
  .compile({ checkpointer: new MemorySaver() });

for (const topic of process.argv.slice(2)) {
  const { text } = await agent.task(topic, () => graph.invoke({ topic }, { configurable: { thread_id: topic } }));
  console.log(text);
}
