/** The council board: the accountability performance matrix in colours. */
import './board.css';
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { type Board, type Cell, type CoverageColumn, type Money, type MoneyColumn, type Question, askBoard } from './api';

const CUTS: [string, string[]][] = [
  ['Region × segment', ['REGION', 'SEGMENT']],
  ['Region', ['REGION']],
  ['Segment', ['SEGMENT']],
  ['Product', ['PRODUCT']],
  ['Source', ['SOURCE']],
  ['Region × source', ['REGION', 'SOURCE']],
  ['Industry', ['INDUSTRY']],
  ['Manager', ['MANAGER']],
  ['Owner', ['OWNER']],
  ['Opportunity type', ['OPPORTUNITY_TYPE']],
  ['Stage', ['STAGE']],
  ['Month', ['MONTH']],
];
const MARKS = { RED: '▼', YELLOW: '◆', GREEN: '▲', GREY: '○' };
const REASONS: Record<string, string> = {
  PACE: 'by pace against the thresholds',
  TOO_EARLY: 'less than 10% of the period has elapsed',
  NO_TARGET: 'no target is set',
  TARGET_MET: 'nothing is left to close',
  NO_HISTORY: 'no history to measure against',
};

function readQuestion(): Question {
  const parameters = new URLSearchParams(location.search);
  return {
    period: parameters.get('period') ?? '',
    asOf: parameters.get('asOf') ?? '',
    by: parameters.get('by')?.split(',') ?? ['REGION', 'SEGMENT'],
    model: parameters.get('model') ?? '',
  };
}

function writeQuestion(question: Question) {
  const parameters = new URLSearchParams();
  if (question.period) parameters.set('period', question.period);
  if (question.asOf) parameters.set('asOf', question.asOf);
  parameters.set('by', question.by.join(','));
  if (question.model) parameters.set('model', question.model);
  history.replaceState(null, '', `?${parameters}`);
}

function money({ amount, currency }: Money) {
  return Number(amount).toLocaleString('en', { style: 'currency', currency, notation: 'compact', maximumFractionDigits: 1 });
}

const percent = (ratio: number) => `${(ratio * 100).toFixed(0)}%`;
const signed = (ratio: number) => `${ratio >= 0 ? '+' : '−'}${(Math.abs(ratio) * 100).toFixed(0)}%`;

function MoneyCell({ column }: { column: MoneyColumn }) {
  const facts = [
    `${column.status}: ${REASONS[column.statusReason] ?? column.statusReason}`,
    `exactly ${column.value.amount} ${column.value.currency}`,
    column.target && `target ${column.target.amount}`,
    column.pace !== null && `pace ${column.pace.toFixed(2)}`,
  ];
  return (
    <td className={`status ${column.status}`} title={facts.filter(Boolean).join('\n')}>
      <span className="mark" aria-label={column.status}>{MARKS[column.status]}</span>
      <strong>{money(column.value)}</strong>
      <small>
        {column.attainment !== null && `${percent(column.attainment)} of target`}
        {column.yoy !== null && <span className="yoy">{signed(column.yoy)} YoY</span>}
      </small>
    </td>
  );
}

function CoverageCell({ column }: { column: CoverageColumn }) {
  return (
    <td className={`status ${column.status}`} title={`${column.status}: ${REASONS[column.statusReason] ?? column.statusReason}`}>
      <span className="mark" aria-label={column.status}>{MARKS[column.status]}</span>
      <strong>{column.value === null ? '–' : `${column.value.toFixed(1)}×`}</strong>
      <small>{column.required !== null && `needs ${column.required.toFixed(1)}×`}</small>
    </td>
  );
}

function Row({ cell, name }: { cell: Cell; name: string }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <MoneyCell column={cell.closedAcv} />
      <MoneyCell column={cell.openPipeline} />
      <MoneyCell column={cell.forecast} />
      <MoneyCell column={cell.generation} />
      <CoverageCell column={cell.coverage} />
    </tr>
  );
}

function Empty({ period }: { period: string }) {
  return (
    <section className="empty">
      <h2>Nothing falls into {period}</h2>
      <p>No opportunity and no target has a date in this period. Ask about another one, or fill an empty database:</p>
      <dl>
        <dt><code>pipewright import DIR</code></dt>
        <dd>brings in a Salesforce export as it is</dd>
        <dt><code>pipewright generate</code></dt>
        <dd>makes up a company to look around in</dd>
      </dl>
    </section>
  );
}

function Matrix({ board }: { board: Board }) {
  const { apm } = board;
  if (apm.cells.length === 0) return <Empty period={apm.period.name} />;
  return (
    <>
      <p className="frame">
        <b>{apm.period.name}</b> ({apm.period.start} to {apm.period.end}, {percent(apm.elapsed)} elapsed), as known{' '}
        {new Date(apm.asOf).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })} UTC, compared with{' '}
        {apm.comparison.name} at the same point
      </p>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col" />
              <th scope="col">Closed ACV</th>
              <th scope="col">Open pipeline</th>
              <th scope="col">Forecast</th>
              <th scope="col">Generation</th>
              <th scope="col">Coverage</th>
            </tr>
          </thead>
          <tbody>
            {apm.cells.map((cell) => {
              const name = cell.key.map((part) => part.label).join(' · ');
              return <Row key={name} cell={cell} name={name} />;
            })}
          </tbody>
          <tfoot>
            <Row cell={apm.total} name="Total" />
          </tfoot>
        </table>
      </div>
    </>
  );
}

function CouncilBoard() {
  const [question, setQuestion] = useState(readQuestion);
  const [board, setBoard] = useState<Board>();
  const [failure, setFailure] = useState<string>();

  useEffect(() => {
    const stop = new AbortController();
    writeQuestion(question);
    askBoard(question, stop.signal)
      .then((answer) => {
        setBoard(answer);
        setFailure(undefined);
      })
      .catch((error: Error) => {
        if (error.name !== 'AbortError') setFailure(error.message);
      });
    return () => stop.abort();
  }, [question]);

  const change = (part: Partial<Question>) => setQuestion((before) => ({ ...before, ...part }));
  return (
    <main>
      <header>
        <h1>Council board</h1>
        <a href="/graphiql">GraphiQL</a>
      </header>
      <form onSubmit={(event) => event.preventDefault()}>
        <label>
          Period
          <input
            defaultValue={question.period}
            placeholder={board?.apm.period.name ?? 'FY2027-Q1'}
            onBlur={(event) => change({ period: event.target.value.trim() })}
            onKeyDown={(event) => event.key === 'Enter' && change({ period: event.currentTarget.value.trim() })}
          />
        </label>
        <label>
          As of
          <input type="date" value={question.asOf} onChange={(event) => change({ asOf: event.target.value })} />
        </label>
        <label>
          Cut by
          <select value={question.by.join(',')} onChange={(event) => change({ by: event.target.value.split(',') })}>
            {CUTS.map(([name, by]) => (
              <option key={name} value={by.join(',')}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Model
          <select value={question.model} onChange={(event) => change({ model: event.target.value })}>
            <option value="">default</option>
            {board?.attributionModels.map(({ id, name }) => (
              <option key={id} value={id}>{name}</option>
            ))}
          </select>
        </label>
      </form>
      {failure && <p role="alert">{failure}</p>}
      {board ? <Matrix board={board} /> : !failure && <p>Loading…</p>}
    </main>
  );
}

const root = document.getElementById('root');
if (!root) throw new Error('the page has no #root');
createRoot(root).render(<StrictMode><CouncilBoard /></StrictMode>);
