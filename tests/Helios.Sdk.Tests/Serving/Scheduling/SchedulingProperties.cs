using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Scheduling;

/// <summary>What holds of the shipped scheduler for whatever arrives on whatever device.</summary>
public class SchedulingProperties
{
    private const int Blocks = 24;

    private static readonly Gen<Arrival> Arrivals =
        from size in Gen.Zip(Gen.Choose(1, 200), Gen.Choose(1, 120))
        from who in Gen.Zip(Gen.Choose(0, 2), Gen.Choose(0, 3))
        from gap in Gen.Choose(0, 4)
        from within in Gen.Choose(0, 40)
        from leaves in Gen.Choose(0, 9)
        select new Arrival(gap, size.Item1, size.Item2, (RequestPriority)who.Item1, $"tenant {who.Item2}", within, leaves == 0);

    private static readonly Gen<Setup> Setups =
        from order in Gen.Elements("fair", "first-come", "deadline")
        from rows in Gen.Choose(8, 64)
        from sequences in Gen.Choose(1, 12)
        from promptRows in Gen.Choose(1, 64)
        from arrivals in Arrivals.ListOf(60)
        select new Setup(order, rows, Math.Min(rows, sequences), promptRows, [.. arrivals]);

    [Fact]
    public void Everybody_is_served_once_and_nothing_is_left() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(Setups.ToArbitrary(), setup =>
        {
            var clock = new ManualClock();
            var scheduler = RequestOrders.CreateScheduler(new ServingOptions { Order = setup.Order, PriorityAging = TimeSpan.FromSeconds(5) }, clock);
            var device = new SimulatedDevice(setup.Rows, setup.Sequences, Blocks, clock) { PromptRowsBesideDecoding = setup.PromptRows };
            var (expected, left) = (new List<RequestId>(), new List<RequestId>());
            foreach (var arrival in setup.Arrivals)
            {
                for (var i = 0; i < arrival.Gap; i++) Step();
                var id = device.Arrive(scheduler, arrival.Prompt, arrival.Answer, arrival.Dress(clock));
                if (arrival.Leaves) left.Add(id);
                else expected.Add(id);
                foreach (var quitter in left.Where(quitter => quitter.Value < id.Value - 5).ToList())
                {
                    left.Remove(quitter);
                    if (!device.Finished.Contains(quitter)) device.Leave(scheduler, quitter);
                    expected.Add(quitter);
                }
            }

            for (var steps = 0; device.Live > 0; steps++)
            {
                steps.Should().BeLessThan(60 * 200, "everybody's rows fit into far fewer steps");
                Step();
            }

            device.Running.Should().Be(0);
            device.Finished.Should().OnlyHaveUniqueItems();
            device.Finished.Should().BeSubsetOf(expected.Concat(left));
            device.Finished.Should().Contain(setup.Arrivals.Select((arrival, i) => (arrival, Id: new RequestId(i + 1))).Where(one => !one.arrival.Leaves).Select(one => one.Id));

            void Step()
            {
                device.Step(scheduler);
                clock.Advance(TimeSpan.FromMilliseconds(20));
            }
        }));

    [Fact]
    public void Tenants_that_keep_waiting_get_their_shares_within_a_bound()
    {
        const int Prompt = 40, Answer = 30;
        var setups =
            from weights in Gen.Choose(1, 4).ListOf(3)
            from sequences in Gen.Choose(1, 6)
            from seed in Gen.Choose(0, 1000)
            select (weights: weights.ToArray(), sequences, seed);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(40), Prop.ForAll(setups.ToArbitrary(), setup =>
        {
            var random = new Random(setup.seed);
            var clock = new ManualClock();
            var scheduler = RequestOrders.CreateScheduler(new ServingOptions(), clock);
            var device = new SimulatedDevice(rows: 64, setup.sequences, blocks: 5 * setup.sequences, clock);
            var tenants = setup.weights.Select((weight, i) => (Name: $"tenant {i}", Weight: weight)).ToArray();
            var owners = new Dictionary<RequestId, string>();

            // A counter runs ahead of the least by a prompt and the answers of a batch, and of what ran by prompts that were paid for.
            var bound = Prompt + setup.sequences * (Prompt + Answer);
            for (var step = 0; step < 3000; step++)
            {
                foreach (var (name, weight) in tenants)
                {
                    // Sizes differ by tenant: it is tokens that are shared, not requests.
                    while (owners.Count(owner => owner.Value == name && !device.IsRunning(owner.Key)) <= setup.sequences)
                    {
                        var size = name == "tenant 0" ? 1 : 4;
                        owners.Add(
                            device.Arrive(scheduler, random.Next(1, Prompt * size / 4 + 1), random.Next(1, Answer * size / 4 + 1), info => info with { Tenant = name, TenantWeight = weight }),
                            name);
                    }
                }

                device.Step(scheduler);
                foreach (var id in device.Finished) owners.Remove(id);
                device.Finished.Clear();
                var shares = tenants.Select(tenant => device.Served.GetValueOrDefault(tenant.Name) / (double)tenant.Weight).ToList();
                (shares.Max() - shares.Min()).Should().BeLessThanOrEqualTo(bound);
            }

            device.Served.Values.Sum().Should().BeGreaterThan(3000);
        }));
    }

    private sealed record Arrival(int Gap, int Prompt, int Answer, RequestPriority Priority, string Tenant, int Within, bool Leaves)
    {
        public Func<RequestInfo, RequestInfo> Dress(ManualClock clock) => info => info with
        {
            Priority = Priority,
            Tenant = Tenant,
            FirstTokenDeadline = Within < 20 ? clock.GetTimestamp() + Within * clock.TimestampFrequency / 10 : long.MaxValue,
        };
    }

    private sealed record Setup(string Order, int Rows, int Sequences, int PromptRows, Arrival[] Arrivals);
}
