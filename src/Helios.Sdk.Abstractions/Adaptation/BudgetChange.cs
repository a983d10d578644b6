namespace Helios.Sdk;

/// <summary>What became of a change of the memory budget.</summary>
public abstract record BudgetChange
{
    private BudgetChange()
    {
    }

    /// <summary>The budget is in force.</summary>
    /// <param name="Decision">What was decided upon it.</param>
    public sealed record InForce(AdaptationDecision Decision) : BudgetChange;

    /// <summary>The budget stays as it was.</summary>
    /// <param name="Because">Why.</param>
    /// <param name="LeastBytes">The least bytes that any model of the pool could serve in.</param>
    public sealed record Refused(string Because, long LeastBytes) : BudgetChange;
}
