using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Tests.Adaptation.Telemetry;

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
    public void One_tenant_whose_tokens_all_breach_does_not_trip_it_for_others_that_breach_as_usual()
    {
        var counter = new BreachCounter(100, 50);
        var random = new Random(3);
        for (var i = 0; i < 20_000; i++)
        {
            var bad = i % 2 == 0;
            counter.Add(i / 3, tenant: bad ? 0 : 1, breach: bad || random.NextDouble() < 0.2).Should().BeFalse();
        }
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
        var cases = Gen.Choose(2, 12).SelectMany(window => Gen.Choose(1, window - 1).SelectMany(limit =>
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
                return counter.Breaches == window.Count(one => one.Breach) && tripped == Trips(window, c.window, c.limit) && counter.Tokens == window.Count;
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

    private static bool Trips(List<(int Request, int Tenant, bool Breach)> window, int size, int limit)
    {
        if (window.Count(token => token.Breach) <= limit) return false;
        var tenants = window.Select(token => token.Tenant).Distinct().ToList();
        return tenants.Count == 1 || tenants.All(tenant => window.FindAll(token => token.Tenant != tenant) is var others && others.Count(token => token.Breach) * size > limit * others.Count);
    }
}
