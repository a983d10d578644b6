namespace Helios.Sdk;

/// <summary>The result of a change of the memory budget.</summary>
public abstract record BudgetChange
{
    private BudgetChange()
    {
    }

    /// <summary>The budget is in force.</summary>
    /// <param name="Decision">The decision for the new budget.</param>
    public sealed record InForce(AdaptationDecision Decision) : BudgetChange;

    /// <summary>The budget stays as it was.</summary>
    /// <param name="Because">Why.</param>
    /// <param name="LeastBytes">The minimum bytes that any model of the pool needs.</param>
    public sealed record Refused(string Because, long LeastBytes) : BudgetChange;
}
