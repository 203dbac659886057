"""The standard objects of a Salesforce org, as one table, and the product's own package on top of them.

An object line is `Name prefix Plural-label [flags]` (`link`: few system fields); a field line is
`Name type[length] [flags]`. Flags of a field are
`required`; `readonly` (nobody writes it), `create` (only on create); `name` (the object's name field); `idlookup`;
`filter` (a long text that may be filtered); `=value` (default); `|a|b|c` (picklist); and, for a lookup,
`>Target,Target:Relationship:Children`, with the name of the way up and of the way down.
Names, types and lengths: Salesforce Object Reference (v68.0).
"""

from typing import Final

SYSTEM_FIELDS: Final = """
Id id[18] readonly idlookup
IsDeleted boolean readonly =false
CreatedDate datetime readonly
CreatedById reference >User:CreatedBy readonly
LastModifiedDate datetime readonly
LastModifiedById reference >User:LastModifiedBy readonly
SystemModstamp datetime readonly
"""

STANDARD: Final = """
Organization 00D Organizations setup
  Name string[80] name readonly
  InstanceName string[5] readonly
  IsSandbox boolean readonly =false
  OrganizationType picklist[40] readonly
  LanguageLocaleKey picklist[40] readonly
  NamespacePrefix string[15] readonly
  TrialExpirationDate datetime readonly

User 005 Users setup
  Username string[80] required idlookup
  Name string[121] name readonly
  FirstName string[40]
  LastName string[80] required
  Email email[128] required idlookup
  Alias string[8]
  Title string[80]
  Department string[80]
  Phone phone[40]
  IsActive boolean =true
  ProfileId reference >Profile:Profile:Users
  UserRoleId reference >UserRole:UserRole:Users
  ManagerId reference >User:Manager:ManagedUsers
  UserType picklist[40] readonly |Standard|PowerPartner|CspLitePortal =Standard
  LanguageLocaleKey picklist[40] =en_US
  LocaleSidKey picklist[40] =en_US
  TimeZoneSidKey picklist[40] =GMT

UserRole 00E Roles setup
  Name string[80] name required
  DeveloperName string[80]
  ParentRoleId reference >UserRole:ParentRole

Profile 00e Profiles setup
  Name string[255] name required
  Description textarea[255]

Group 00G Groups setup
  Name string[40] name required
  DeveloperName string[80]
  Type picklist[40] |Regular|Queue|Role|RoleAndSubordinates
  Email email[255]

RecordType 012 Record-Types setup
  Name string[80] name required
  DeveloperName string[80] required
  SobjectType picklist[40] required
  Description textarea[255]
  IsActive boolean =true

PermissionSet 0PS Permission-Sets setup
  Name string[80] name required
  Label string[80] required
  Type picklist[40] readonly |Regular|Standard|Session|Profile|Group =Regular
  IsCustom boolean readonly =true
  IsOwnedByProfile boolean readonly =false
  ProfileId reference >Profile:Profile readonly
  PermissionsApiEnabled boolean =false
  PermissionsViewSetup boolean =false
  PermissionsViewAllData boolean =false
  PermissionsModifyAllData boolean =false

ObjectPermissions 110 Object-Permissions setup link
  ParentId reference >PermissionSet:Parent:ObjectPerms required create
  SobjectType picklist[40] required create
  PermissionsCreate boolean =false
  PermissionsRead boolean =false
  PermissionsEdit boolean =false
  PermissionsDelete boolean =false
  PermissionsViewAllRecords boolean =false
  PermissionsModifyAllRecords boolean =false

FieldPermissions 01k Field-Permissions setup link
  ParentId reference >PermissionSet:Parent:FieldPerms required create
  SobjectType picklist[40] required create
  Field picklist[255] required create
  PermissionsRead boolean =false
  PermissionsEdit boolean =false

Account 001 Accounts
  Name string[255] name required
  OwnerId reference >User:Owner
  ParentId reference >Account:Parent:ChildAccounts
  MasterRecordId reference >Account:MasterRecord readonly
  AccountNumber string[40]
  Type picklist[255] |Prospect|Customer - Direct|Customer - Channel|Channel Partner / Reseller|Partner|Other
  Industry picklist[255]
  AnnualRevenue currency
  NumberOfEmployees int
  Phone phone[40]
  Website url[255]
  Description textarea[32000]
  BillingStreet textarea[255]
  BillingCity string[40]
  BillingState string[80]
  BillingPostalCode string[20]
  BillingCountry string[80]
  Rating picklist[255] |Hot|Warm|Cold
  LastActivityDate date readonly

Contact 003 Contacts
  AccountId reference >Account:Account:Contacts
  OwnerId reference >User:Owner
  MasterRecordId reference >Contact:MasterRecord readonly
  Name string[121] name readonly
  Salutation picklist[40] |Mr.|Ms.|Mrs.|Dr.|Prof.
  FirstName string[40]
  LastName string[80] required
  Email email[80] idlookup
  Phone phone[40]
  MobilePhone phone[40]
  HomePhone phone[40]
  Title string[128]
  Department string[80]
  Birthdate date
  LeadSource picklist[255]
  MailingStreet textarea[255]
  MailingCity string[40]
  MailingState string[80]
  MailingPostalCode string[20]
  MailingCountry string[80]
  ReportsToId reference >Contact:ReportsTo
  Description textarea[32000]
  HasOptedOutOfEmail boolean =false
  LastActivityDate date readonly

Opportunity 006 Opportunities
  AccountId reference >Account:Account:Opportunities
  OwnerId reference >User:Owner
  ContactId reference >Contact:Contact create
  Name string[120] name required
  StageName picklist[255] required |Prospecting|Qualification|Proposal|Negotiation|Closed Won|Closed Lost
  CloseDate date required
  Amount currency
  Probability percent
  Type picklist[255] |Existing Customer - Upgrade|Existing Customer - Replacement|New Customer
  NextStep string[255]
  LeadSource picklist[255]
  ForecastCategoryName picklist[40]
  IsClosed boolean readonly =false
  IsWon boolean readonly =false
  Description textarea[32000]
  LastActivityDate date readonly

Case 500 Cases
  CaseNumber string[30] name readonly idlookup
  ContactId reference >Contact:Contact:Cases
  AccountId reference >Account:Account:Cases
  OwnerId reference >Group,User:Owner
  ParentId reference >Case:Parent:Cases
  MasterRecordId reference >Case:MasterRecord readonly
  Status picklist[255] |New|Working|Waiting on Customer|Escalated|Closed =New
  Priority picklist[255] |High|Medium|Low =Medium
  Origin picklist[255] |Email|Phone|Web
  Type picklist[255] |Mechanical|Electrical|Electronic|Structural|Other
  Reason picklist[255] |Installation|Equipment Complexity|Performance|Breakdown|Equipment Design|Feedback|Other
  Subject string[255]
  Description textarea[32000]
  SuppliedName string[80]
  SuppliedEmail email[80]
  SuppliedPhone string[40]
  SuppliedCompany string[80]
  IsClosed boolean readonly =false
  IsEscalated boolean =false
  ClosedDate datetime readonly

CaseComment 00a Case-Comments
  ParentId reference >Case:Parent:CaseComments required create
  CommentBody textarea[4000] filter
  IsPublished boolean =false

EmailMessage 02s Email-Messages
  ParentId reference >Case:Parent:EmailMessages create
  ActivityId reference >Task:Activity create
  RelatedToId reference >Account,Case,Contact,Opportunity:RelatedTo:Emails create
  ReplyToEmailMessageId reference >EmailMessage:ReplyToEmailMessage create
  Subject string[3000]
  TextBody textarea[131072]
  HtmlBody textarea[131072]
  Headers textarea[131072]
  FromName string[1000]
  FromAddress email[1000]
  ToAddress string[4000]
  CcAddress string[4000]
  BccAddress string[4000]
  Incoming boolean create =false
  HasAttachment boolean readonly =false
  Status picklist[40] |0|1|2|3|4|5 =3
  MessageDate datetime
  MessageIdentifier string[765] idlookup
  ThreadIdentifier string[765] idlookup
  IsExternallyVisible boolean =false
  IsPrivateDraft boolean create =false
  IsTracked boolean =false
  IsBounced boolean readonly =false
  IsClientManaged boolean =false
  AutomationType picklist[40] create |AiAssisted|AiGenerated|Automated|Manual

Task 00T Tasks
  WhoId reference >Contact:Who:Tasks
  WhatId reference >Account,Case,Opportunity:What:Tasks
  OwnerId reference >Group,User:Owner
  AccountId reference >Account:Account readonly
  Subject string[255] name
  ActivityDate date
  Status picklist[255] |Not Started|In Progress|Completed|Waiting on someone else|Deferred =Not Started
  Priority picklist[255] |High|Normal|Low =Normal
  Description textarea[32000]
  Type picklist[255]
  TaskSubtype picklist[40] create |Task|Email|Call =Task
  IsClosed boolean readonly =false
  IsHighPriority boolean readonly =false
  IsArchived boolean readonly =false
  CompletedDateTime datetime readonly

Event 00U Events
  WhoId reference >Contact:Who:Events
  WhatId reference >Account,Case,Opportunity:What:Events
  OwnerId reference >User:Owner
  AccountId reference >Account:Account readonly
  Subject string[255] name
  Location string[255]
  IsAllDayEvent boolean =false
  StartDateTime datetime
  EndDateTime datetime
  ActivityDate date
  DurationInMinutes int
  Description textarea[32000]
  ShowAs picklist[40] |Busy|OutOfOffice|Free =Busy
  IsPrivate boolean =false
  IsArchived boolean readonly =false

FeedItem 0D5 Feed-Items
  ParentId reference >Account,Case,Contact,Opportunity,User:Parent:Feeds required create
  Type picklist[40] create |TextPost|LinkPost|ContentPost =TextPost
  Title string[255] create
  Body textarea[10000]
  LinkUrl url[1000] create
  RelatedRecordId reference >ContentVersion:RelatedRecord create
  Visibility picklist[40] |AllUsers|InternalUsers =AllUsers
  Status picklist[40] |Published|PendingReview|Hidden =Published
  IsRichText boolean create =false
  InsertedById reference >User:InsertedBy readonly
  CommentCount int readonly
  LikeCount int readonly

ContentDocument 069 Content-Documents
  Title string[255] name required
  OwnerId reference >User:Owner
  LatestPublishedVersionId reference >ContentVersion:LatestPublishedVersion readonly
  Description textarea[1000]
  PublishStatus picklist[40] readonly |P|R|U =R
  FileType string[20] readonly
  FileExtension string[40] readonly
  ContentSize int readonly
  ContentModifiedDate datetime readonly
  IsArchived boolean =false
  ArchivedDate datetime readonly
  SharingOption picklist[40] |A|R =A
  SharingPrivacy picklist[40] |N|P =N

ContentVersion 068 Content-Versions
  ContentDocumentId reference >ContentDocument:ContentDocument:ContentVersions create
  Title string[255] name required
  PathOnClient string[500] required create
  VersionData base64 required create
  Description textarea[1000]
  ReasonForChange string[1000]
  OwnerId reference >User:Owner
  FirstPublishLocationId reference >Account,Case,Contact,EmailMessage,Opportunity,Task,User:FirstPublishLocation create
  IsLatest boolean readonly =true
  IsMajorVersion boolean create =true
  VersionNumber string[20] readonly
  PublishStatus picklist[40] readonly |P|R|U =R
  FileType string[20] readonly
  FileExtension string[40] readonly
  ContentSize int readonly
  Checksum string[50] readonly
  ContentUrl url[1300] readonly
  ContentLocation picklist[40] create |S|E =S
  ContentModifiedDate datetime readonly
  Origin picklist[40] create |C|H =C
  SharingOption picklist[40] |A|R =A
  SharingPrivacy picklist[40] |N|P =N

ContentDocumentLink 06A Content-Document-Links link
  LinkedEntityId reference >Account,Case,Contact,EmailMessage,Group,Opportunity,Task,User:LinkedEntity:ContentDocumentLinks required create
  ContentDocumentId reference >ContentDocument:ContentDocument:ContentDocumentLinks required create
  ShareType picklist[40] |V|C|I =V
  Visibility picklist[40] |AllUsers|InternalUsers|SharedUsers =AllUsers

Knowledge__kav ka0 Knowledge
  Title string[255] name required
  UrlName string[255] required idlookup
  Summary textarea[1000]
  ArticleNumber string[30] readonly
  KnowledgeArticleId reference >Knowledge__kav:KnowledgeArticle readonly
  OwnerId reference >User:Owner
  PublishStatus picklist[40] readonly |Draft|Online|Archived =Draft
  Language picklist[40] create =en_US
  VersionNumber int readonly
  IsLatestVersion boolean readonly =true
  ValidationStatus picklist[40] |Not Validated|Validated
  FirstPublishedDate datetime readonly
  LastPublishedDate datetime readonly

UserRecordAccess 0gQ User-Record-Access setup virtual
  RecordId reference >Account,Case,Contact,Event,Opportunity,Task:Record readonly
  UserId reference >User:User readonly
  HasReadAccess boolean readonly
  HasEditAccess boolean readonly
  HasDeleteAccess boolean readonly
  HasTransferAccess boolean readonly
  HasAllAccess boolean readonly
  MaxAccessLevel picklist[40] readonly |None|Read|Edit|Delete|Transfer|All
"""  # noqa: E501 - a lookup is one line, however many objects it may point at

PACKAGE_SCHEMA: Final[dict[str, dict[str, object]]] = {
    "Case": {
        "fields": [
            {"name": "Assistant_Summary__c", "type": "textarea", "label": "Assistant Summary", "length": 32000},
        ]
    },
    "Writeback__c": {
        "label": "Writeback",
        "labelPlural": "Writebacks",
        "keyPrefix": "a0W",
        "fields": [
            {
                "name": "Name",
                "type": "string",
                "label": "Writeback Name",
                "length": 80,
                "createable": False,
                "updateable": False,
                "autoNumber": True,
                "nameField": True,
            },
            {
                "name": "OwnerId",
                "type": "reference",
                "label": "Owner ID",
                "referenceTo": ["Group", "User"],
                "relationshipName": "Owner",
            },
            {
                "name": "Key__c",
                "type": "string",
                "label": "Key",
                "length": 64,
                "externalId": True,
                "unique": True,
                "caseSensitive": True,
                "nillable": False,
            },
            {"name": "Record_Id__c", "type": "string", "label": "Record Id", "length": 18},
            {"name": "Target_Ids__c", "type": "textarea", "label": "Target Ids", "length": 32000},
            {"name": "Kind__c", "type": "string", "label": "Kind", "length": 40},
            {"name": "Undone__c", "type": "boolean", "label": "Undone"},
        ],
    },
}
"""What the product's package adds to an org: put it under `schema` of an org document to install it."""
