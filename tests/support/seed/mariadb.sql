-- MariaDB calls a schema a database; these two refer to each other.
create database shop_stock character set utf8mb4;
create database `Shop Sales` character set utf8mb4;

create table shop_stock.products (
    sku varchar(20) not null primary key,
    title text not null,
    `Größe` varchar(10) comment 'Größe as printed, e.g. XL',
    unit_price decimal(10, 2) not null comment 'Euro, before tax',
    weight_kg double,
    shelf_life smallint,
    density float,
    picture blob,
    attributes json,
    on_sale_from date not null,
    barcode bigint unique
) engine = innodb comment = 'Everything that can be ordered';

create table shop_stock.`Stock Levels` (
    warehouse char(3) not null,
    sku varchar(20) not null,
    `Counted At` datetime not null comment 'Local time of the warehouse',
    pieces integer not null,
    primary key (warehouse, sku),
    foreign key (sku) references shop_stock.products (sku)
) engine = innodb;

create table `Shop Sales`.customers (
    id integer unsigned not null auto_increment primary key,
    email varchar(120) not null unique comment 'Also the name to log in with',
    full_name text not null,
    segment enum ('private', 'trade', 'public sector') not null default 'private',
    newsletter boolean not null default false,
    registered timestamp not null default current_timestamp,
    birthday date,
    calls_after time,
    reference uuid,
    digest binary(16),
    token varbinary(64),
    visits mediumint,
    profile longtext,
    country char(2)
) engine = innodb comment = 'People and companies with an account';

create table `Shop Sales`.orders (
    id bigint not null primary key,
    customer_id integer unsigned not null,
    placed_at datetime(6) not null,
    total decimal(10, 2),
    note text,
    foreign key (customer_id) references `Shop Sales`.customers (id)
) engine = innodb;

create table `Shop Sales`.`Order Lines` (
    order_id bigint not null,
    line_no integer not null,
    sku varchar(20) not null,
    warehouse char(3),
    quantity integer not null,
    price decimal(10, 2) not null,
    primary key (order_id, line_no),
    unique (order_id, sku),
    foreign key (order_id) references `Shop Sales`.orders (id),
    foreign key (sku) references shop_stock.products (sku),
    foreign key (warehouse, sku) references shop_stock.`Stock Levels` (warehouse, sku)
) engine = innodb comment = 'One line per product of an order';

create view `Shop Sales`.order_totals as
    select o.id as order_id, c.email, sum(l.quantity * l.price) as total
    from `Shop Sales`.orders o
    join `Shop Sales`.customers c on c.id = o.customer_id
    join `Shop Sales`.`Order Lines` l on l.order_id = o.id
    group by o.id, c.email;

create view shop_stock.`Low Stock` as
    select p.sku, p.`Größe`, s.warehouse, s.pieces
    from shop_stock.products p
    join shop_stock.`Stock Levels` s on s.sku = p.sku
    where s.pieces < 10;

insert into shop_stock.products (sku, title, `Größe`, unit_price, weight_kg, on_sale_from, barcode, attributes) values
    ('TEA-01', 'Green tea', null, 4.50, 0.1, '2024-03-01', 4006381333931, '{"origin": "Uji"}'),
    ('CUP-07', 'Cup', 'M', 12.00, 0.35, '2024-05-20', null, null);
insert into shop_stock.`Stock Levels` values ('BER', 'TEA-01', '2025-01-02 08:00', 120), ('BER', 'CUP-07', '2025-01-02 08:00', 4);
insert into `Shop Sales`.customers (email, full_name, country) values
    ('ada@shop.example', 'Ada Birk', 'DE'), ('jo@shop.example', 'Jo Çelik', null);
insert into `Shop Sales`.orders values (1, 1, '2025-01-03 09:15:00.25', 21.00, null);
insert into `Shop Sales`.`Order Lines` values (1, 1, 'TEA-01', 'BER', 2, 4.50), (1, 2, 'CUP-07', 'BER', 1, 12.00);

grant select, show view on shop_stock.* to reader@'127.0.0.1';
grant select, show view on `Shop Sales`.* to reader@'127.0.0.1';
