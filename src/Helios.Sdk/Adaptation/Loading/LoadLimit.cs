using Helios.Sdk.Models;

namespace Helios.Sdk.Adaptation.Loading;

/// <summary>
/// Waits for loads as long as they get on: no layer may take longer than a limit. One that does not heed its cancellation is left
/// behind: what it brings in the end is let go, and who frees what it works on waits for that. Thread-safe.
/// </summary>
/// <param name="limit">Most time from one layer to the next.</param>
/// <param name="time">Clock.</param>
internal sealed class LoadLimit(TimeSpan limit, TimeProvider time)
{
    private readonly Lock gate = new();
    private Task behind = Task.CompletedTask;

    /// <summary>Waits for a load.</summary>
    /// <param name="what">What is loaded, for messages.</param>
    /// <param name="load">Begins it, and gets its progress.</param>
    /// <param name="letGo">Frees what it brought, when no caller waits for it any more.</param>
    /// <param name="cancellationToken">Waits no longer.</param>
    /// <exception cref="TimeoutException">A layer took longer than it may.</exception>
    /// <exception cref="HeliosException">Its backend cancelled it, without a request.</exception>
    public async Task<T> WaitAsync<T>(string what, Func<IProgress<LoadProgress>, CancellationToken, Task<T>> load, Action<T> letGo, CancellationToken cancellationToken)
    {
        var patience = new Patience(limit, time, cancellationToken);
        var loading = BeginAsync(load, patience);
        try
        {
            var loaded = await loading.WaitAsync(patience.Token).ConfigureAwait(false);
            patience.Dispose();
            return loaded;
        }
        catch (OperationCanceledException error)
        {
            // It may have come to its end just now.
            LeaveBehind(LetGoAsync(loading, letGo, patience));
            cancellationToken.ThrowIfCancellationRequested();
            throw patience.IsOver
                ? new TimeoutException(Invariant($"{what} took longer than {limit.TotalSeconds:0.#} s."), error)
                : new HeliosException($"{what} was cancelled by its backend.", error);
        }
        catch
        {
            patience.Dispose();
            throw;
        }
    }

    /// <summary>Waits for the loads that were left behind.</summary>
    public Task EndAsync()
    {
        lock (gate) return behind;
    }

    private static async Task<T> BeginAsync<T>(Func<IProgress<LoadProgress>, CancellationToken, Task<T>> load, Patience patience) =>
        await load(patience, patience.Token).ConfigureAwait(false);

    private static async Task LetGoAsync<T>(Task<T> load, Action<T> letGo, Patience patience)
    {
        await ((Task)load).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (load.IsCompletedSuccessfully) letGo(await load.ConfigureAwait(false));
        patience.Dispose();
    }

    private void LeaveBehind(Task load)
    {
        lock (gate) behind = behind.IsCompleted ? load : Task.WhenAll(behind, load);
    }

    /// <summary>Ends when it is over or no caller waits any more; begins anew with every layer. Outlives the load.</summary>
    private sealed class Patience : IProgress<LoadProgress>, IDisposable
    {
        private readonly TimeSpan limit;
        private readonly CancellationTokenSource over;
        private readonly CancellationTokenSource either;

        public Patience(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
        {
            this.limit = limit;
            over = new CancellationTokenSource(limit, time);
            either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        }

        public CancellationToken Token => either.Token;

        public bool IsOver => over.IsCancellationRequested;

        public void Report(LoadProgress value) => over.CancelAfter(limit);

        public void Dispose()
        {
            either.Dispose();
            over.Dispose();
        }
    }
}
