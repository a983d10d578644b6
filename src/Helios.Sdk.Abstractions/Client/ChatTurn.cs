using System.Globalization;
using System.Text;

namespace Helios.Sdk;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">The role, as the model's chat template defines it: <c>system</c>, <c>user</c>, <c>assistant</c>, ...</param>
/// <param name="Content">The text. Control tokens spelled out in it stay text.</param>
/// <remarks><see cref="ToString"/> prints only the length of the content, so it is safe for logs.</remarks>
public sealed record ChatTurn(string Role, string Content)
{
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Role = {Role}, Content = {Content?.Length ?? 0} characters");
        return true;
    }
}
