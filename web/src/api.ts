/** The public API, as any other client sees it. */

export type Money = { amount: string; currency: string };
export type Status = 'RED' | 'YELLOW' | 'GREEN' | 'GREY';

export type MoneyColumn = {
  value: Money;
  target: Money | null;
  attainment: number | null;
  yoy: number | null;
  pace: number | null;
  status: Status;
  statusReason: string;
};

export type CoverageColumn = {
  value: number | null;
  required: number | null;
  pace: number | null;
  status: Status;
  statusReason: string;
};

export type Cell = {
  key: { dimension: string; label: string }[];
  closedAcv: MoneyColumn;
  openPipeline: MoneyColumn;
  forecast: MoneyColumn;
  generation: MoneyColumn;
  coverage: CoverageColumn;
  overdue: Money;
};

export type Board = {
  apm: {
    period: { name: string; start: string; end: string };
    comparison: { name: string };
    asOf: string;
    elapsed: number;
    cells: Cell[];
    total: Cell;
  };
  attributionModels: { id: string; name: string }[];
};

export type Question = { period: string; asOf: string; by: string[]; model: string };

const BOARD = `
query Board($period: String, $by: [Dimension!]!, $asOf: DateTime, $model: ModelInput) {
  apm(period: $period, by: $by, asOf: $asOf, model: $model) {
    period { name start end }
    comparison { name }
    asOf
    elapsed
    cells { ...CellParts }
    total { ...CellParts }
  }
  attributionModels { id name }
}
fragment CellParts on MatrixCell {
  key { dimension label }
  closedAcv { ...MoneyParts }
  openPipeline { ...MoneyParts }
  forecast { ...MoneyParts }
  generation { ...MoneyParts }
  coverage { value required pace status statusReason }
  overdue { amount currency }
}
fragment MoneyParts on MoneyColumn {
  value { amount currency }
  target { amount currency }
  attainment
  yoy
  pace
  status
  statusReason
}`;

/** Asks for the board; throws an error that a person can read. */
export async function askBoard(question: Question, signal: AbortSignal): Promise<Board> {
  const variables = {
    period: question.period || null,
    by: question.by,
    asOf: question.asOf ? `${question.asOf}T23:59:59.999Z` : null,
    model: question.model ? { id: question.model } : null,
  };
  const response = await fetch('/graphql', {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query: BOARD, variables }),
  });
  const answer = (await response.json()) as { data?: Board; errors?: { message: string }[] };
  if (answer.errors?.length || !answer.data) {
    throw new Error(answer.errors?.map((error) => error.message).join('; ') || `the server answered ${response.status}`);
  }
  return answer.data;
}
