-- What a PostgreSQL database may have beside plain tables, for the comparison with the release's own connector.
create schema works;
comment on schema works is 'What the museum owns';

create domain works.title as varchar(120) not null;
create domain works.inventory as text check (value ~ '^[A-Z]{2}\d+$');
create type works.state as enum ('shown', 'stored', 'lent');
create type works.size as (width numeric(6, 2), height numeric(6, 2));

create table works.pieces (
    number works.inventory primary key,
    name works.title,
    state works.state not null default 'stored',
    measures works.size,
    weight numeric,
    price money,
    keywords text[],
    grid integer[][],
    seen interval,
    opened tstzrange,
    flags bit(4),
    more_flags bit varying(8),
    address inet,
    card xml,
    words tsvector,
    spot point,
    changed timestamp(3) with time zone,
    hour time with time zone,
    serial bigserial,
    total numeric(8, 2) generated always as (weight * 2) stored
);
comment on table works.pieces is 'Each piece, with what is written on its card';
comment on column works.pieces.weight is 'Kilograms';

create table works."quo""ted" (code integer primary key);
create table works.loans (
    id integer primary key,
    piece works.inventory references works.pieces (number),
    quoted integer references works."quo""ted",
    note varchar
);
create unique index loans_note on works.loans (note);

create table works.visits (day date not null, hall integer, people integer) partition by range (day);
create table works.visits_2024 partition of works.visits for values from ('2024-01-01') to ('2025-01-01');
create table works.visits_2025 partition of works.visits for values from ('2025-01-01') to ('2026-01-01');
create table works.sales (shop text not null, total numeric) partition by list (shop);
create table works.sales_north partition of works.sales for values in ('north');
create table works.tickets (id bigint not null, kind text) partition by hash (id);
create table works.tickets_0 partition of works.tickets for values with (modulus 2, remainder 0);
create table works.tickets_1 partition of works.tickets for values with (modulus 2, remainder 1);

create view works.shown as select number, name from works.pieces where state = 'shown';
comment on view works.shown is 'What visitors see';
create materialized view works.heavy as select number, weight from works.pieces where weight > 100;
comment on materialized view works.heavy is 'What a crane is needed for';

create function works.double(amount numeric) returns numeric language sql as 'select amount * 2';
comment on function works.double(numeric) is 'Twice as much';
create procedure works.close_day(day date) language sql as 'delete from works.visits where works.visits.day = close_day.day';
comment on procedure works.close_day(date) is 'Forgets the visits of a day';

create extension file_fdw;
create server files foreign data wrapper file_fdw;
create foreign table works.guests (name text, born date) server files options (filename '/dev/null', format 'csv');
comment on foreign table works.guests is 'The guest book, a file';
comment on column works.guests.born is 'As written';

create table works.inherits_pieces (shelf integer) inherits (works.loans);

create unlogged table works.scratch (id integer);

alter table works.pieces enable row level security;
create policy only_shown on works.pieces for select using (state = 'shown');
