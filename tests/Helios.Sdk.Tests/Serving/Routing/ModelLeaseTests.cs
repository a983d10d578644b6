using Helios.Sdk.Models;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Adaptation;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving.Routing;

public class ModelLeaseTests
{
    private static readonly LoadTarget Target = new("m", 6);

    [Fact]
    public void The_last_share_releases_once_and_disposing_twice_is_harmless()
    {
        var released = 0;
        var first = Create(() => released++);
        var second = first.TryShare()!;
        first.Dispose();
        first.Dispose();
        released.Should().Be(0);
        second.Target.Should().Be(Target);

        second.Dispose();
        released.Should().Be(1);
        second.Dispose();
        released.Should().Be(1);
    }

    [Fact]
    public void Nothing_is_shared_from_a_disposed_claim()
    {
        var first = Create(() => { });
        using var second = first.TryShare()!;
        first.Dispose();

        first.TryShare().Should().BeNull();
        second.TryShare().Should().NotBeNull();
    }

    [Fact]
    public void With_many_threads_it_is_released_once_and_never_used_afterwards()
    {
        for (var round = 0; round < 200; round++)
        {
            var released = 0;
            var usedAfterRelease = 0;
            var uses = 0;
            var first = Create(() => Interlocked.Increment(ref released));
            Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, worker =>
            {
                for (var i = 0; i < 100; i++)
                {
                    if (worker == 0 && i == 30) first.Dispose();
                    if (first.TryShare() is not { } share) continue;
                    using (share)
                    {
                        using var again = share.TryShare();
                        Interlocked.Increment(ref uses);
                        if (Volatile.Read(ref released) != 0) Interlocked.Increment(ref usedAfterRelease);
                    }
                }
            });

            released.Should().Be(1);
            usedAfterRelease.Should().Be(0);
            uses.Should().BePositive();
            first.TryShare().Should().BeNull();
        }
    }

    private static ModelLease Create(Action release)
    {
        var info = Sample.Model();
        var store = new FakeKvStore(1 << 12);
        var served = new ServedModel(info, new FakeTokenizer(), new FakeModel(store, 6, 1), new ConfidenceSource(new Top1Confidence()));
        return ModelLease.Create(Target, served, release);
    }
}
