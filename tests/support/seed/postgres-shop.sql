-- The shop's working database: two schemas that refer to each other.
drop schema public;
create schema sales;
create schema stock;
comment on schema sales is 'Customers and what they order';

create type sales.segment as enum ('private', 'trade', 'public sector');

create table stock.products (
    sku varchar(20) primary key,
    title text not null,
    "Größe" varchar(10),
    unit_price numeric(10, 2) not null,
    weight_kg double precision,
    shelf_life smallint,
    density real,
    picture bytea,
    attributes json,
    on_sale_from date not null,
    barcode bigint unique
);
comment on table stock.products is 'Everything that can be ordered';
comment on column stock.products."Größe" is 'Größe as printed, e.g. XL';
comment on column stock.products.unit_price is 'Euro, before tax';

create table stock."Stock Levels" (
    warehouse char(3) not null,
    sku varchar(20) not null references stock.products (sku),
    "Counted At" timestamp without time zone not null,
    pieces integer not null,
    primary key (warehouse, sku)
);
comment on column stock."Stock Levels"."Counted At" is 'Local time of the warehouse';

create table sales.customers (
    id integer generated always as identity primary key,
    email varchar(120) not null unique,
    full_name text not null,
    segment sales.segment not null default 'private',
    newsletter boolean not null default false,
    registered timestamp with time zone not null,
    birthday date,
    calls_after time without time zone,
    reference uuid,
    sizes integer[],
    profile jsonb,
    country char(2)
);
comment on table sales.customers is 'People and companies with an account';
comment on column sales.customers.email is 'Also the name to log in with';

create table sales.orders (
    id bigint primary key,
    customer_id integer not null references sales.customers (id),
    placed_at timestamp with time zone not null,
    total numeric(10, 2),
    note text
);

create table sales."Order Lines" (
    order_id bigint not null references sales.orders (id),
    line_no integer not null,
    sku varchar(20) not null references stock.products (sku),
    warehouse char(3),
    quantity integer not null,
    price numeric(10, 2) not null,
    primary key (order_id, line_no),
    unique (order_id, sku),
    foreign key (warehouse, sku) references stock."Stock Levels" (warehouse, sku)
);
comment on table sales."Order Lines" is 'One line per product of an order';

create view sales.order_totals as
    select o.id as order_id, c.email, sum(l.quantity * l.price) as total
    from sales.orders o
    join sales.customers c on c.id = o.customer_id
    join sales."Order Lines" l on l.order_id = o.id
    group by o.id, c.email;
comment on view sales.order_totals is 'What each order comes to';

create view stock."Low Stock" as
    select p.sku, p."Größe", s.warehouse, s.pieces
    from stock.products p
    join stock."Stock Levels" s on s.sku = p.sku
    where s.pieces < 10;

insert into stock.products (sku, title, "Größe", unit_price, weight_kg, on_sale_from, barcode, attributes) values
    ('TEA-01', 'Green tea', null, 4.50, 0.1, date '2024-03-01', 4006381333931, '{"origin": "Uji"}'),
    ('CUP-07', 'Cup', 'M', 12.00, 0.35, date '2024-05-20', null, null);
insert into stock."Stock Levels" values ('BER', 'TEA-01', timestamp '2025-01-02 08:00', 120), ('BER', 'CUP-07', timestamp '2025-01-02 08:00', 4);
insert into sales.customers (email, full_name, registered, sizes, profile) values
    ('ada@shop.example', 'Ada Birk', timestamptz '2024-11-05 10:00+01', '{38,40}', '{"vip": true}'),
    ('jo@shop.example', 'Jo Çelik', timestamptz '2024-12-24 18:30+01', null, null);
insert into sales.orders values (1, 1, timestamptz '2025-01-03 09:15+01', 21.00, null);
insert into sales."Order Lines" values (1, 1, 'TEA-01', 'BER', 2, 4.50), (1, 2, 'CUP-07', 'BER', 1, 12.00);

grant usage on schema sales, stock to reader;
grant select on all tables in schema sales, stock to reader;
