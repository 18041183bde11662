/** GraphiQL, bundled: it asks no other host for anything. */
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './graphiql.css';
import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { createRoot } from 'react-dom/client';

const firstQuery = `# The accountability performance matrix of the current quarter.
{
  apm(by: [REGION, SEGMENT]) {
    period { name }
    cells {
      key { dimension label }
      closedAcv { value { amount currency } attainment yoy status statusReason }
      openPipeline { value { amount currency } status }
      coverage { value required status }
    }
    total { closedAcv { value { amount currency } target { amount } pace status } }
  }
}
`;

// Connects when the first subscription begins.
const wsClient = createClient({ url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql` });

const fetchOrWatch = createGraphiQLFetcher({ url: '/graphql', wsClient });

function parsed(query: string) {
  try {
    return parse(query);
  } catch {
    return undefined;
  }
}

/** Looks at the query itself for what it does: what the editor knows of it lags behind somebody who types and runs at once. */
const fetcher: Fetcher = (asked, options) => fetchOrWatch(asked, { ...options, documentAST: parsed(asked.query) });

const root = document.getElementById('root');
if (!root) throw new Error('the page has no #root');
createRoot(root).render(
  <GraphiQL fetcher={fetcher} defaultQuery={firstQuery} defaultEditorToolsVisibility="variables" />,
);
