import { cardUrlOf, importRequestSchema } from './import-request';

describe('the URL of a card', () => {
  it.each([
    ['http://h', 'http://h/.well-known/agent-card.json'],
    ['http://h:81/', 'http://h:81/.well-known/agent-card.json'],
    ['https://h/agents/a/', 'https://h/agents/a/.well-known/agent-card.json'],
    ['https://h/agents/a?x=1#y', 'https://h/agents/a/.well-known/agent-card.json'],
    ['http://h/.well-known/agent-card.json', 'http://h/.well-known/agent-card.json'],
    ['http://h/cards/A.JSON?v=2#top', 'http://h/cards/A.JSON?v=2'],
  ])('of %s is %s', (given, url) => {
    expect(cardUrlOf(given).href).toBe(url);
  });
});

describe('a request to import a card', () => {
  it.each([
    ['ftp://h/card.json'],
    ['file:///etc/passwd'],
    ['http://user:word@h/'],
    ['http://h\\@evil/'],
    ['h/card.json'],
    [''],
  ])('with the URL %j is refused', (url) => {
    expect(importRequestSchema.safeParse({ url }).success).toBe(false);
  });
});
