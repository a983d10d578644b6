using System.Globalization;
using System.Text;

namespace Helios.Sdk;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks, as the model's chat template knows it: <c>system</c>, <c>user</c>, <c>assistant</c>, ...</param>
/// <param name="Content">What is said. Control tokens spelled out in it stay text.</param>
/// <remarks>For logs, <see cref="ToString"/> says how long the content is, never what it says.</remarks>
public sealed record ChatTurn(string Role, string Content)
{
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Role = {Role}, Content = {Content?.Length ?? 0} characters");
        return true;
    }
}
