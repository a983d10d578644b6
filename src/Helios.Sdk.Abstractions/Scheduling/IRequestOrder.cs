namespace Helios.Sdk.Scheduling;

/// <summary>
/// Decides who goes next among waiting requests of one priority. Pure managed code on the device thread. The engine makes one
/// instance per priority. Operations should cost no more than the logarithm of the number of requests that wait, and
/// <see cref="Charge"/>, which is called for every token, should allocate nothing.
/// </summary>
public interface IRequestOrder
{
    /// <summary>Name in <see cref="ServingOptions.Order"/>.</summary>
    string Name { get; }

    /// <summary>A request waits from now on: it arrived, or lost its KV.</summary>
    /// <param name="request">What is known of it.</param>
    void Add(in RequestInfo request);

    /// <summary>A request waits no more: it runs, or is gone. Only called for one that waits.</summary>
    /// <param name="id">Its id.</param>
    void Remove(RequestId id);

    /// <summary>The request that goes next; false when none waits.</summary>
    /// <param name="next">Its id.</param>
    bool TryPeek(out RequestId next);

    /// <summary>Tokens were spent on a request: its prompt when it starts, then every token it generates. Never twice for the same.</summary>
    /// <param name="request">The request; it runs.</param>
    /// <param name="tokens">How many, above 0.</param>
    void Charge(in RequestInfo request, int tokens);
}
