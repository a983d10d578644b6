namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>What the adaptation loop works towards. May be changed while it runs; read by any thread.</summary>
/// <param name="objective">What is to be best.</param>
/// <param name="budgetBytes">Bytes that points are chosen for; the memory budget, but while that is being changed.</param>
/// <param name="limits">What a point must keep, whatever is to be best.</param>
internal sealed class Goals(ISloObjective objective, long budgetBytes, ServiceLimits limits)
{
    private ISloObjective objective = objective;
    private long budgetBytes = budgetBytes;
    private ServiceLimits limits = limits;

    public ISloObjective Objective
    {
        get => Volatile.Read(ref objective);
        set => Volatile.Write(ref objective, value);
    }

    public long BudgetBytes
    {
        get => Volatile.Read(ref budgetBytes);
        set => Volatile.Write(ref budgetBytes, value);
    }

    public ServiceLimits Limits
    {
        get => Volatile.Read(ref limits);
        set => Volatile.Write(ref limits, value);
    }
}
