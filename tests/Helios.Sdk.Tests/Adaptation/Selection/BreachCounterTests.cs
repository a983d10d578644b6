using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Adaptation.Selection;

namespace Helios.Sdk.Tests.Adaptation.Selection;

public class BreachCounterTests
{
    [Fact]
    public void It_trips_above_the_limit_not_at_it()
    {
        var counter = new BreachCounter(100, 50);

        Enumerable.Range(0, 50).Select(i => counter.Add(i, 0, breach: true)).Should().NotContain(true);
        counter.Add(50, 0, breach: true).Should().BeTrue();
        counter.Breaches.Should().Be(51);
    }

    [Fact]
    public void One_request_never_trips_it_alone()
    {
        var counter = new BreachCounter(100, 50);

        Enumerable.Range(0, 1000).Select(_ => counter.Add(1, 0, breach: true)).Should().NotContain(true);
        counter.Tokens.Should().Be(25);
    }

    [Fact]
    public void Requests_one_after_another_trip_it_however_long_they_are()
    {
        var counter = new BreachCounter(100, 50);

        // The third request's first breach is the 51st that counts: 25 + 25 + 1.
        Enumerable.Range(0, 1000).TakeWhile(i => !counter.Add(i / 64, 0, breach: true)).Count().Should().Be(128);
    }

    [Fact]
    public void One_tenant_among_others_never_trips_it_alone()
    {
        var counter = new BreachCounter(100, 50);
        for (var i = 0; i < 100_000; i++)
            counter.Add(i / 3, tenant: i % 10 == 0 ? 1 : 0, breach: i % 10 != 0).Should().BeFalse();
    }

    [Fact]
    public void Two_tenants_trip_it_together()
    {
        var counter = new BreachCounter(100, 50);
        Enumerable.Range(0, 60).Any(i => counter.Add(i, tenant: i % 2, breach: true)).Should().BeTrue();
    }

    [Fact]
    public void Clearing_forgets_everything()
    {
        var counter = new BreachCounter(10, 4);
        for (var i = 0; i < 10; i++) counter.Add(i, 0, breach: true);
        counter.Clear();

        counter.Breaches.Should().Be(0);
        Enumerable.Range(0, 4).Select(i => counter.Add(i, 0, breach: true)).Should().NotContain(true);
        counter.Add(4, 0, breach: true).Should().BeTrue();
    }

    [Fact]
    public void It_counts_as_a_recount_of_the_window_does()
    {
        var token = Gen.Choose(0, 6).SelectMany(request => Gen.Elements(true, true, false).Select(breach => (Request: request, Breach: breach)));
        var cases = Gen.Choose(2, 12).SelectMany(window => Gen.Choose(0, window - 1).SelectMany(limit =>
            Gen.Choose(1, 3).SelectMany(tenants => token.ListOf().Select(tokens => (window, limit, tenants, tokens)))));
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var counter = new BreachCounter(c.window, c.limit);
            var window = new List<(int Request, int Tenant, bool Breach)>();
            return c.tokens.All(token =>
            {
                var tenant = token.Request % c.tenants;
                var tripped = counter.Add(token.Request, tenant, token.Breach);
                Slide(window, (token.Request, tenant, token.Breach), c.window, Math.Max(1, c.limit / 2));
                return counter.Breaches == Recount(window, c.limit) && tripped == (counter.Breaches > c.limit) && counter.Tokens == window.Count;
            });
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void It_allocates_nothing()
    {
        var counter = new BreachCounter(100, 50);
        for (var i = 0; i < 1000; i++) counter.Add(i / 7, i % 3, breach: i % 4 == 0);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 1000; i < 20_000; i++) counter.Add(i / 7, i % 3, breach: i % 4 == 0);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    private static void Slide(List<(int Request, int Tenant, bool Breach)> window, (int Request, int Tenant, bool Breach) token, int size, int perRequest)
    {
        if (window.Count(other => other.Request == token.Request) == perRequest)
            window.RemoveAt(window.FindIndex(other => other.Request == token.Request));
        else if (window.Count == size)
            window.RemoveAt(0);
        window.Add(token);
    }

    private static int Recount(List<(int Request, int Tenant, bool Breach)> window, int limit)
    {
        var byTenant = window.GroupBy(token => token.Tenant).Select(tokens => tokens.Count(token => token.Breach)).ToList();
        return byTenant.Count > 1 ? byTenant.Sum(breaches => Math.Min(breaches, limit)) : byTenant.Sum();
    }
}
