import { certain, type Rule } from './rule';

/** Answers of models that a program could not use. They come first, because these errors quote the answer. */
export const ANSWER_RULES: readonly Rule[] = [
  certain(
    'unhandled-exception',
    'model-answer',
    /\bOutputParser(?:Exception|Error)\b|\bOUTPUT_PARSING_FAILURE\b|\bCould not parse LLM output\b|\bNoObjectGeneratedError\b|\bUnexpectedModelBehavior\b/,
  ),
];
