//! What pages promise, on both databases.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::storage::testing::databases;
use crate::storage::{Batch, Storage};
use chrono::DateTime;
use pipewright_core::ids::{AccountId, ContactId, DataVersion};
use pipewright_core::party::{Account, Contact};
use pipewright_core::viewer::Scope;
use uuid::Uuid;

const INDUSTRIES: [Option<&str>; 5] = [None, Some("Energy"), Some("energy"), Some("Äpfel"), Some("Banking")];

fn account(number: u128) -> Account {
    let place = usize::try_from(number).unwrap();
    Account {
        // Ids in no order of the numbers, so that ties are not broken by accident.
        id: AccountId(Uuid::from_u128(number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))),
        external_id: Some(format!("A{number}")),
        name: format!("Name {}", number % 7),
        kind: None,
        parent: None,
        industry: INDUSTRIES[place % INDUSTRIES.len()].map(Into::into),
        region: None,
        segment: None,
        country: None,
        state: None,
        employees: None,
        annual_revenue_minor: None,
        website: None,
        owner: None,
        created_at: (!number.is_multiple_of(3))
            .then(|| DateTime::from_timestamp_millis(1_700_000_000_000 + (place as i64 % 4)).unwrap()),
        is_deleted: number == 13,
        recorded: DataVersion(0),
    }
}

fn contact(number: u128, account: AccountId) -> Contact {
    Contact {
        id: ContactId(Uuid::from_u128(number)),
        external_id: None,
        account: Some(account),
        name: format!("Contact {}", number % 5),
        title: None,
        department: None,
        email: None,
        phone: None,
        lead_source: None,
        owner: None,
        created_at: None,
        is_deleted: false,
        recorded: DataVersion(0),
    }
}

async fn filled(storage: &Storage) {
    let accounts: Vec<Account> = (0..40).map(account).collect();
    let contacts = (0..60_u128).map(|number| contact(number, accounts[usize::try_from(number % 4).unwrap()].id)).collect();
    storage.write(Batch { accounts, contacts, ..Batch::default() }, None).await.unwrap();
}

fn window(size: u64, backward: bool, from: Option<Key>) -> Window {
    let (after, before) = if backward { (None, from) } else { (from, None) };
    Window { size, backward, after, before }
}

/// Every account's external id, page by page.
async fn walk(storage: &Storage, order: Order<AccountColumn>, size: u64, backward: bool) -> Vec<String> {
    let (mut seen, mut from) = (Vec::new(), None);
    loop {
        let window = window(size, backward, from);
        let page = storage.page::<Account>(&Scope::everything(), &Filter::everything(), order, &window).await.unwrap();
        let mut ids: Vec<String> = page.rows.iter().map(|row| row.record.external_id.clone().unwrap()).collect();
        let end = if backward { page.rows.first() } else { page.rows.last() };
        from = end.map(|row| row.key.clone());
        if backward {
            ids.extend(seen);
            seen = ids;
        } else {
            seen.extend(ids);
        }
        if !page.more {
            return seen;
        }
    }
}

#[tokio::test]
async fn pages_forward_and_backward_visit_each_row_once_in_the_same_order_on_both_databases() {
    let mut walks = Vec::new();
    for database in databases().await {
        let storage = database.ready().await;
        filled(&storage).await;
        let mut lists = Vec::new();
        for column in [AccountColumn::Name, AccountColumn::Industry, AccountColumn::CreatedAt, AccountColumn::Id] {
            for descending in [false, true] {
                let order = Order { column, descending };
                let all = walk(&storage, order, 500, false).await;
                assert_eq!(all.len(), 39, "{}: the deleted one is not there", database.engine);
                for (size, backward) in [(1, false), (7, false), (1, true), (7, true), (13, true)] {
                    assert_eq!(
                        walk(&storage, order, size, backward).await,
                        all,
                        "{} {order:?} {size} {backward}",
                        database.engine
                    );
                }
                lists.push(all);
            }
        }
        walks.push(lists);
        drop(storage);
        database.drop().await;
    }
    assert_eq!(walks[0], walks[1]);
}

#[tokio::test]
async fn a_page_read_on_is_not_moved_by_rows_that_are_added() {
    for database in databases().await {
        let storage = database.ready().await;
        filled(&storage).await;
        let order = Order { column: AccountColumn::Name, descending: false };
        let before = walk(&storage, order, 500, false).await;
        let scope = Scope::everything();
        let first = storage.page::<Account>(&scope, &Filter::everything(), order, &window(10, false, None)).await.unwrap();
        let added = Account { name: "A first name".into(), ..account(1_000) };
        storage.write(Batch { accounts: vec![added], ..Batch::default() }, None).await.unwrap();
        let on = window(500, false, Some(first.rows[9].key.clone()));
        let rest = storage.page::<Account>(&scope, &Filter::everything(), order, &on).await.unwrap();
        let rest: Vec<String> = rest.rows.into_iter().map(|row| row.record.external_id.unwrap()).collect();
        assert_eq!(rest, before[10..], "{}", database.engine);
        drop(storage);
        database.drop().await;
    }
}

#[tokio::test]
async fn filters_fit_the_same_rows_on_both_databases_and_not_is_exactly_the_rest() {
    let text = |text: &str| Value::Text(text.to_owned());
    let filters = [
        (Filter::Is(AccountColumn::Industry, Test::Contains("ENER".into())), 16),
        (Filter::Is(AccountColumn::Industry, Test::Contains("äpfel".into())), 0),
        (Filter::Is(AccountColumn::Industry, Test::Eq(text("Energy"))), 8),
        (Filter::Is(AccountColumn::Industry, Test::In(vec![text("Energy"), text("Banking")])), 16),
        (Filter::Is(AccountColumn::Industry, Test::In(Vec::new())), 0),
        (Filter::Is(AccountColumn::Industry, Test::Missing(true)), 8),
        (Filter::Is(AccountColumn::Name, Test::Gte(text("Name 5"))), 9),
        (Filter::Is(AccountColumn::CreatedAt, Test::Lt(Value::Integer(1_700_000_000_001))), 6),
        (Filter::Any(Vec::new()), 0),
        (Filter::everything(), 39),
    ];
    for database in databases().await {
        let storage = database.ready().await;
        filled(&storage).await;
        for (filter, expected) in &filters {
            let count = storage.count::<Account>(&Scope::everything(), filter).await.unwrap();
            assert_eq!(count, *expected, "{} {filter:?}", database.engine);
            let rest = Filter::Not(Box::new(filter.clone()));
            let rest = storage.count::<Account>(&Scope::everything(), &rest).await.unwrap();
            assert_eq!(count + rest, 39, "{} {filter:?}", database.engine);
        }
        drop(storage);
        database.drop().await;
    }
}

#[tokio::test]
async fn the_page_of_each_parent_is_the_page_of_that_parent_alone() {
    for database in databases().await {
        let storage = database.ready().await;
        filled(&storage).await;
        let scope = Scope::everything();
        let parents: Vec<Uuid> = (0..6).map(|number| account(number).id.0).collect();
        let order = Order { column: ContactColumn::Name, descending: true };
        for backward in [false, true] {
            let window = window(4, backward, None);
            let column = ContactColumn::Account;
            let before = storage.statements();
            let pages =
                storage.pages_by::<Contact>(&scope, column, &parents, &Filter::everything(), order, &window).await.unwrap();
            let counts = storage.counts_by::<Contact>(&scope, column, &parents, &Filter::everything()).await.unwrap();
            assert_eq!(storage.statements() - before, 2);
            for parent in &parents {
                let own = Filter::Is(column, Test::Eq(Value::Id(*parent)));
                let alone = storage.page::<Contact>(&scope, &own, order, &window).await.unwrap();
                let ids = |page: &Page<Contact>| page.rows.iter().map(|row| row.record.id).collect::<Vec<_>>();
                assert_eq!(pages.get(parent).map(ids).unwrap_or_default(), ids(&alone), "{}", database.engine);
                let count = storage.count::<Contact>(&scope, &own).await.unwrap();
                assert_eq!(counts.get(parent).copied().unwrap_or_default(), count, "{}", database.engine);
            }
        }
        drop(storage);
        database.drop().await;
    }
}
