using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Helios.Sdk.Cpu.Threading;

/// <summary>Work that falls into items which may run in any order on any thread.</summary>
internal interface IParallelWork
{
    /// <summary>Does one item.</summary>
    /// <param name="item">Item from 0.</param>
    /// <param name="worker">Which thread runs it, 0 for the caller's: picks scratch memory.</param>
    void Execute(int item, int worker);
}

/// <summary>
/// Fork and join for work of microseconds. The caller works too, and items are taken one by one, so that a thread that
/// is preempted holds up its own item and no other. Idle threads spin for a moment, then yield, then sleep: a host that
/// serves nothing spends nothing, and one whose cores are busy is not fought for them.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    // Some tens of microseconds: longer than the gap between two products of a step.
    private const int SpinLimit = 2_000;

    // Where cores are busy a yield lasts as long as another process runs, and sleeping on top of it would be late for the next
    // work. On an idle machine all of them are over within a millisecond.
    private const int YieldLimit = 1_000;

    private readonly Thread[] threads;
    private readonly object gate = new();
    private Shared shared;
    private IParallelWork? work;
    private int items;
    private Exception? failure;
    private int parked;
    private int busy;
    private volatile bool stopping;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">Threads that work, the caller's included.</param>
    public WorkerPool(int threads)
    {
        Threads = threads;
        this.threads = new Thread[threads - 1];
        for (var i = 0; i < this.threads.Length; i++)
        {
            var worker = i + 1;
            this.threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = Invariant($"helios-cpu-{worker}") };
            this.threads[i].Start();
        }
    }

    /// <summary>Threads that work, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>Threads that sleep until there is work.</summary>
    public int Asleep => Volatile.Read(ref parked);

    /// <summary>
    /// Does all items and returns when they are done. The first exception of an item is thrown here; items not begun by
    /// then are left out. A second caller at the same time does its work alone.
    /// </summary>
    public void Run(IParallelWork parallelWork, int count)
    {
        if (count <= 0) return;
        if (Threads == 1 || count == 1 || Interlocked.CompareExchange(ref busy, 1, 0) != 0)
        {
            for (var item = 0; item < count; item++) parallelWork.Execute(item, worker: 0);
            return;
        }

        try
        {
            Publish(parallelWork, count);
            while (TryExecuteOne(worker: 0))
            {
            }

            WaitForOthers();
            if (failure is { } thrown) ExceptionDispatchInfo.Throw(thrown);
        }
        finally
        {
            work = null;
            failure = null;
            Volatile.Write(ref busy, 0);
        }
    }

    public void Dispose()
    {
        if (stopping) return;
        lock (gate)
        {
            stopping = true;
            Monitor.PulseAll(gate);
        }

        foreach (var thread in threads) thread.Join();
    }

    // Fields first, then the state that lets others in; the exchange is a full fence, so that a thread about to sleep
    // either sees the state or is seen here.
    private void Publish(IParallelWork parallelWork, int count)
    {
        work = parallelWork;
        items = count;
        Volatile.Write(ref shared.Completed, 0);
        var generation = (Volatile.Read(ref shared.State) >> 32) + 1;
        Interlocked.Exchange(ref shared.State, (generation << 32) | (uint)count);
        if (Volatile.Read(ref parked) == 0) return;
        lock (gate) Monitor.PulseAll(gate);
    }

    // Taking an item is one compare-exchange over (generation, items left). It succeeds only while the work it belongs to
    // has items left, and that work cannot end before the item does: so the fields read afterwards are the right ones.
    private bool TryExecuteOne(int worker)
    {
        while (true)
        {
            var state = Volatile.Read(ref shared.State);
            var left = (int)(uint)state;
            if (left == 0) return false;
            if (Interlocked.CompareExchange(ref shared.State, state - 1, state) != state) continue;
            try
            {
                if (Volatile.Read(ref failure) is null) work!.Execute(items - left, worker);
            }
            catch (Exception thrown)
            {
                Interlocked.CompareExchange(ref failure, thrown, null);
            }

            Interlocked.Increment(ref shared.Completed);
            return true;
        }
    }

    private void WaitForOthers()
    {
        for (var spins = 0; Volatile.Read(ref shared.Completed) != items; spins++)
        {
            if (spins < SpinLimit) Thread.SpinWait(1);
            else Thread.Yield();
        }
    }

    private void Work(int worker)
    {
        var idle = 0;
        while (!stopping)
        {
            if (TryExecuteOne(worker))
            {
                idle = 0;
                continue;
            }

            idle++;
            if (idle <= SpinLimit)
            {
                Thread.SpinWait(1);
            }
            else if (idle <= SpinLimit + YieldLimit)
            {
                Thread.Yield();
            }
            else
            {
                Park();
                idle = 0;
            }
        }
    }

    private void Park()
    {
        lock (gate)
        {
            Interlocked.Increment(ref parked);
            while ((uint)Volatile.Read(ref shared.State) == 0 && !stopping) Monitor.Wait(gate);
            Interlocked.Decrement(ref parked);
        }
    }

    // On cache lines of their own: everyone writes these.
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct Shared
    {
        /// <summary>Generation in the upper half, items not yet taken in the lower.</summary>
        [FieldOffset(128)]
        public long State;

        [FieldOffset(256)]
        public int Completed;
    }
}
