using Helios.Sdk.Cpu.Threading;

namespace Helios.Sdk.Cpu.Tests.Threading;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_item_is_done_once(int threads)
    {
        using var pool = new WorkerPool(threads);
        var work = new Counting();
        for (var round = 1; round <= 3000; round++)
        {
            var items = round % 37;
            pool.Run(work, items);
            work.Take().Should().Equal(Enumerable.Repeat(1, items));
        }
    }

    [Fact]
    public void Threads_without_work_sleep_and_wake_up()
    {
        using var pool = new WorkerPool(3);
        var work = new Counting();
        for (var round = 0; round < 20; round++)
        {
            SpinWait.SpinUntil(() => pool.Asleep == 2, TimeSpan.FromSeconds(30)).Should().BeTrue();
            pool.Run(work, 60);
            work.Take().Should().HaveCount(60);
        }
    }

    [Fact]
    public void An_exception_reaches_the_caller_and_the_pool_goes_on()
    {
        using var pool = new WorkerPool(2);
        for (var round = 0; round < 100; round++)
        {
            var run = () => pool.Run(new Failing(), 50);
            run.Should().Throw<FormatException>();
        }

        var work = new Counting();
        pool.Run(work, 10);
        work.Take().Should().HaveCount(10);
    }

    [Fact]
    public void A_thread_that_is_held_up_holds_up_its_own_item_alone()
    {
        using var pool = new WorkerPool(2);
        using var work = new HeldUp(items: 10);
        pool.Run(work, 10);
        work.ByCaller.Should().Be(9, "the other thread was in one item until all the others were done");
    }

    [Fact]
    public async Task Two_callers_at_once_both_get_their_work_done()
    {
        using var pool = new WorkerPool(3);
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var work = new Counting();
            for (var round = 0; round < 2000; round++)
            {
                pool.Run(work, 16);
                work.Take().Should().Equal(Enumerable.Repeat(1, 16));
            }
        })));
    }

    private sealed class Counting : IParallelWork
    {
        private readonly int[] done = new int[64];

        public void Execute(int item, int worker) => Interlocked.Increment(ref done[item]);

        public int[] Take()
        {
            var taken = done.TakeWhile(count => count > 0).ToArray();
            done.Skip(taken.Length).Should().AllBeEquivalentTo(0);
            Array.Clear(done);
            return taken;
        }
    }

    private sealed class Failing : IParallelWork
    {
        public void Execute(int item, int worker)
        {
            if (item == 13) throw new FormatException();
        }
    }

    /// <summary>The second thread's item ends when the caller has done all the others; the caller begins when it has started.</summary>
    private sealed class HeldUp(int items) : IParallelWork, IDisposable
    {
        private static readonly TimeSpan Enough = TimeSpan.FromSeconds(30);

        private readonly ManualResetEventSlim started = new();
        private readonly CountdownEvent others = new(items - 1);

        public int ByCaller { get; private set; }

        public void Execute(int item, int worker)
        {
            if (worker == 0)
            {
                started.Wait(Enough).Should().BeTrue("the other thread takes an item");
                ByCaller++;
                others.Signal();
                return;
            }

            started.Set();
            others.Wait(Enough).Should().BeTrue("the caller goes on meanwhile");
        }

        public void Dispose()
        {
            started.Dispose();
            others.Dispose();
        }
    }
}
