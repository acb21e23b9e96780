import { checkRows, node, python } from '../../../../test/support/rule-samples';
import { ANSWER_RULES } from './answer-rules';

describe('the table of answers of models', () => {
  checkRows(ANSWER_RULES, {
    'model-answer': [
      'unhandled-exception certain',
      python(
        'langchain_core.exceptions.OutputParserException: Could not parse LLM output: `Set OPENAI_API_KEY, it is missing`',
      ),
      python('pydantic_ai.exceptions.UnexpectedModelBehavior: Exceeded maximum retries (1) for output validation'),
      node('AI_NoObjectGeneratedError [NoObjectGeneratedError]: No object generated: could not parse the response.'),
    ],
  });
});
