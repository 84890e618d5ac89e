-- SQLite has one schema, main, no comments and no user.
create table products (
    sku varchar(20) not null primary key,
    title text not null,
    "Größe" varchar(10),
    unit_price numeric(10, 2) not null,
    weight_kg double,
    shelf_life smallint,
    density real,
    picture blob,
    attributes json,
    on_sale_from date not null,
    barcode bigint unique
);

create table "Stock Levels" (
    warehouse char(3) not null,
    sku varchar(20) not null references products (sku),
    "Counted At" datetime not null,
    pieces integer not null,
    primary key (warehouse, sku)
);

create table customers (
    id integer primary key,
    email varchar(120) not null,
    full_name text not null,
    newsletter boolean not null default false,
    registered timestamp not null,
    birthday date,
    calls_after time,
    country char(2),
    -- not beside the column: SQLAlchemy's reader overlooks UNIQUE behind a type with parentheses
    unique (email)
);

create table orders (
    id bigint not null primary key,
    customer_id integer not null references customers (id),
    placed_at timestamp not null,
    total decimal(10, 2),
    note text
);

create table "Order Lines" (
    order_id bigint not null references orders (id),
    line_no integer not null,
    sku varchar(20) not null references products (sku),
    warehouse char(3),
    quantity integer not null,
    price numeric(10, 2) not null,
    primary key (order_id, line_no),
    unique (order_id, sku),
    foreign key (warehouse, sku) references "Stock Levels" (warehouse, sku)
);

create view order_totals as
    select o.id as order_id, c.email, sum(l.quantity * l.price) as total
    from orders o
    join customers c on c.id = o.customer_id
    join "Order Lines" l on l.order_id = o.id
    group by o.id, c.email;

create view "Low Stock" as
    select p.sku, p."Größe", s.warehouse, s.pieces
    from products p
    join "Stock Levels" s on s.sku = p.sku
    where s.pieces < 10;

insert into products (sku, title, "Größe", unit_price, weight_kg, on_sale_from, barcode, attributes) values
    ('TEA-01', 'Green tea', null, 4.50, 0.1, '2024-03-01', 4006381333931, '{"origin": "Uji"}'),
    ('CUP-07', 'Cup', 'M', 12.00, 0.35, '2024-05-20', null, null);
insert into "Stock Levels" values ('BER', 'TEA-01', '2025-01-02 08:00', 120), ('BER', 'CUP-07', '2025-01-02 08:00', 4);
insert into customers (email, full_name, registered) values
    ('ada@shop.example', 'Ada Birk', '2024-11-05 10:00'), ('jo@shop.example', 'Jo Çelik', '2024-12-24 18:30');
insert into orders values (1, 1, '2025-01-03 09:15', 21.00, null);
insert into "Order Lines" values (1, 1, 'TEA-01', 'BER', 2, 4.50), (1, 2, 'CUP-07', 'BER', 1, 12.00);
