namespace Helios.Sdk.ExitPolicies;

/// <summary>The exit policies of an engine: those that the SDK has, and those that the application added.</summary>
/// <param name="own">Create the application's; one whose name is the whole text takes precedence over a built-in one.</param>
internal sealed class ExitPolicyCatalog(IReadOnlyList<Func<IExitPolicy>>? own = null)
{
    /// <summary>Creates the policy that a text names.</summary>
    /// <param name="text">As in <see cref="ServingOptions.ExitPolicy"/>, e.g. <c>confidence:0.8</c>.</param>
    /// <exception cref="InvalidOptionException">No such policy, or its number is missing or out of range; the fault says what is known.</exception>
    public IExitPolicy Find(string text) => ExitPolicyParser.Parse(text, own);

    /// <summary>The same for a text that another option than <see cref="ServingOptions.ExitPolicy"/> has, which the fault then names.</summary>
    public IExitPolicy Find(string text, OptionPath option)
    {
        try
        {
            return Find(text);
        }
        catch (InvalidOptionException error)
        {
            throw new InvalidOptionException([.. error.Faults.Select(fault => fault with { Path = option })]);
        }
    }
}
