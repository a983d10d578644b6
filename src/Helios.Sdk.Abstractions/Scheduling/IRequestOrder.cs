namespace Helios.Sdk.Scheduling;

/// <summary>
/// Orders the waiting requests of one priority. Pure managed code on the device thread. The engine creates one
/// instance per priority. Operations should take at most logarithmic time in the number of waiting requests, and
/// <see cref="Charge"/>, which is called for every token, should allocate nothing.
/// </summary>
public interface IRequestOrder
{
    /// <summary>Name in <see cref="ServingOptions.Order"/>.</summary>
    string Name { get; }

    /// <summary>Adds a waiting request: it arrived, or was preempted.</summary>
    /// <param name="request">The request.</param>
    void Add(in RequestInfo request);

    /// <summary>Removes a waiting request: it runs, or has ended. Only called for waiting requests.</summary>
    /// <param name="id">Its id.</param>
    void Remove(RequestId id);

    /// <summary>Returns the next request; false if none waits.</summary>
    /// <param name="next">Its id.</param>
    bool TryPeek(out RequestId next);

    /// <summary>Charges tokens to a request: its prompt when it starts, then every generated token. No token is charged twice.</summary>
    /// <param name="request">The running request.</param>
    /// <param name="tokens">Number of tokens, above 0.</param>
    void Charge(in RequestInfo request, int tokens);
}
