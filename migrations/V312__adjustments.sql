-- Few among very many: so that they are found without reading the ledger.
create index usage_entry_adjustments on usage_entry (event_time) where kind = 'adjustment';
