-- The shop's second database, with a capital in its name and one schema.
create table public.closed_orders (
    year smallint not null,
    order_id bigint not null,
    total numeric(12, 3),
    closed_on date not null,
    primary key (year, order_id)
);
comment on table public.closed_orders is 'Orders of finished years';

create view public.turnover as
    select year, sum(total) as total from public.closed_orders group by year;

insert into public.closed_orders values (2023, 1, 17.125, date '2023-12-30'), (2023, 2, 4.5, date '2023-12-31');

grant usage on schema public to reader;
grant select on all tables in schema public to reader;
