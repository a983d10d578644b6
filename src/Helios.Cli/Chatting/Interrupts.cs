namespace Helios.Cli.Chatting;

/// <summary>Ctrl+C ends the answer that is being generated; where there is none, it ends the program as always. Dispose it to let go of the key.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly Lock gate = new();
    private CancellationTokenSource? answer;

    public Interrupts() => Console.CancelKeyPress += OnKey;

    /// <summary>An answer begins.</summary>
    /// <param name="cancellationToken">Ends it too.</param>
    /// <returns>Cancelled when the key is pressed; the caller disposes it by <see cref="End"/>.</returns>
    public CancellationToken Begin(CancellationToken cancellationToken)
    {
        lock (gate) return (answer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken)).Token;
    }

    /// <summary>The answer has ended.</summary>
    public void End()
    {
        lock (gate)
        {
            answer?.Dispose();
            answer = null;
        }
    }

    /// <summary>The key was pressed; true when it ended an answer.</summary>
    public bool Press()
    {
        lock (gate)
        {
            if (answer is not { IsCancellationRequested: false }) return false;
            answer.Cancel();
            return true;
        }
    }

    public void Dispose()
    {
        Console.CancelKeyPress -= OnKey;
        End();
    }

    private void OnKey(object? sender, ConsoleCancelEventArgs key) => key.Cancel = Press();
}
