using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Helios.Sdk.Models;

namespace Helios.Sdk.Hub.Pulling;

/// <summary>Repeats what a network or a busy server makes fail. A try that made progress does not count. Not for several threads.</summary>
/// <param name="time">The clock.</param>
internal sealed class HubRetries(TimeProvider time)
{
    private const int MostTries = 5;

    /// <summary>The longest wait that a server may ask for.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(2);

    private int failures;

    /// <summary>Something came: the server is there.</summary>
    public void Progressed() => failures = 0;

    /// <summary>Waits as long as a busy server asks; true when it was one, and the request is to be sent again.</summary>
    /// <exception cref="ModelPullException">It is busy for too long.</exception>
    public async Task<bool> WaitIfBusyAsync(string what, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout) && (int)response.StatusCode < 500) return false;
        var asked = response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - time.GetUtcNow() : null;
        var problem = Invariant($"{what}: the server answers {(int)response.StatusCode}");
        if (asked > LongestWait) throw new ModelPullException(Invariant($"{problem}, and asks to wait {asked.Value.TotalSeconds:0} s. Try again then."));
        await WaitAsync(problem, cause: null, asked, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Waits before the next try.</summary>
    /// <exception cref="ModelPullException">There were enough.</exception>
    public Task WaitAsync(string what, Exception cause, CancellationToken cancellationToken) => WaitAsync($"{what}: {cause.Message.TrimEnd('.')}", cause, asked: null, cancellationToken);

    /// <summary>Whether an exception is the network's fault.</summary>
    public static bool IsNetwork(Exception error) => error switch
    {
        HttpRequestException { InnerException: AuthenticationException } => false,
        HttpRequestException or HttpIOException or SocketException or TimeoutException => true,
        IOException { InnerException: SocketException } => true,
        _ => false,
    };

    private async Task WaitAsync(string problem, Exception? cause, TimeSpan? asked, CancellationToken cancellationToken)
    {
        if (++failures >= MostTries) throw new ModelPullException($"{problem}, {MostTries} times. What has come is kept: the same command goes on from there.", cause!);
        var wait = asked ?? TimeSpan.FromSeconds(1 << (failures - 1));
        if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
    }
}
